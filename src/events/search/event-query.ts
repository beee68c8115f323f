import { type FoundOrder, type FoundState } from '../../ledger/search/event-filter.js';

/** What somebody looks for; what is left out does not narrow. */
export interface EventQuery {
  /**
   * Anything that a list shows, or that names an event: an object (`deal 123`, `crm.deal/123`, `сделка 123`, `123`), an
   * event id, a process id, a code or a part of it, a portal, a state, a part of a reason. Case does not count.
   */
  readonly text?: string | undefined;
  /** An object and nothing else. */
  readonly object?: string | undefined;
  /** An event's id, or the number of a delivery. */
  readonly id?: string | undefined;
  /** Member ids. */
  readonly portals?: readonly string[] | undefined;
  /** Event codes, whatever their case. */
  readonly codes?: readonly string[] | undefined;
  readonly states?: readonly FoundState[] | undefined;
  /** A whole reason, whatever its case. */
  readonly reason?: string | undefined;
  /** Changed on the portal then or later, and until then; Unix ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** A part of what a query finds. */
export interface EventPage {
  /** `newest` where it is left out; `latest` (in its state) goes with states of trouble only. */
  readonly sort?: FoundOrder | undefined;
  /** Where a page before ended: its `next`. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}
