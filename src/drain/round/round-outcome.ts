import { type LedgerChange } from '../../ledger/ledger-change.js';
import { type RoundCommand } from './round-command.js';

/** What a round's answer means. */
export interface RoundOutcome<Failure> {
  readonly changes: readonly LedgerChange[];
  /** Events newly reserved or taken; error rows fetched again are not among them. */
  readonly reserved: number;
  readonly errorRows: number;
  readonly adopted: number;
  readonly marked: number;
  readonly cleared: number;
  /** The portal has more than this round could carry. */
  readonly full: boolean;
  /** `TIMESTAMP_X` of the oldest change among the new ones, Unix seconds; null where nothing new was found. */
  readonly oldestChange: number | null;
  /** Process ids of batches that another program has reserved. */
  readonly foreign: readonly string[];
  /** Rows that are left under a source key which is to be finished; null where they were not counted. */
  readonly left: number | null;
  /** Whether the portal's queue was read. */
  readonly queueRead: boolean;
  /**
   * Whether all that was queued when the request was sent is among what the ledger has: nothing was left, and no batch is
   * held that it does not know.
   */
  readonly toItsEnd: boolean;
  readonly failures: readonly { readonly command: RoundCommand; readonly failure: Failure }[];
}
