import { type EventState } from './event-state.js';
/**
 * Where an event comes from that no row of the portal's queue has announced: a snapshot of what there is, or a change
 * that was found and of which there was no event.
 */
export const EVENT_ORIGINS = ['snapshot', 'reconciled'] as const;
export type EventOrigin = (typeof EVENT_ORIGINS)[number];

/** All that the bridge knows of one delivery. */
export interface EventFacts {
  memberId: string;
  /** The portal's word in routing keys: `acme`. */
  portal: string;
  /** The portal's address: `https://acme.bitrix24.com`. */
  source: string;
  processId: string;
  messageId: string;
  /** The row's `ID`. */
  rowId: string;
  /** The row's last change, whole Unix seconds. */
  changedAt: number;
  /** The event's code: `ONCRMDEALUPDATE`. */
  event: string;
  /**
   * What the portal sent as the event's data. A number that JavaScript would not write as it came (`9007199254740993`,
   * `1.0`) is an `ExactNumber`.
   */
  data: unknown;
  userId: string | null;
  /** 1 for the first delivery. */
  attempt: number;
  /** Left out or null for the portal's own events. */
  origin?: EventOrigin | null;
  /** A routing key that was asked for in place of the standard one; left out or null: that. */
  routingKey?: string | null;
  /** What is known of its object; left out or null: it carries no state. */
  state?: EventState | null;
}
