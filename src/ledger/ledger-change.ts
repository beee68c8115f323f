import { type ReservedEvent } from './record-reserved.js';
import { type ReservedBatch } from './reserved-batch.js';

/** What a round's answer changes in the ledger, in the order in which the portal did it. */
export type LedgerChange =
  | { readonly type: 'reserved'; readonly batch: ReservedBatch }
  /** The portal has marked these rows and deleted every other unmarked row of the same messages. */
  | {
      readonly type: 'marked';
      readonly processId: string;
      readonly messageIds: readonly string[];
      /** Whether the ledger surely knew all the other rows. */
      readonly allKnown?: boolean;
    }
  | { readonly type: 'cleared'; readonly processId: string; readonly rowIds: readonly string[] }
  /** All that the portal still holds, unmarked, under this process id. */
  | { readonly type: 'held'; readonly processId: string; readonly messageIds: readonly string[] }
  /** Every error row was fetched by a request sent at this time (Unix ms): what is still marked has vanished. */
  | { readonly type: 'error_rows_complete'; readonly sentAt: number }
  /** Rows listed before the portal is told to hand them over; replaces what was listed before. */
  | { readonly type: 'journaled'; readonly events: readonly ReservedEvent[]; readonly errored: boolean }
  | { readonly type: 'journal_taken'; readonly rowIds: readonly string[] };

/** How many rows a round writes, about. */
export function rowsOf(changes: readonly LedgerChange[]): number {
  return changes.reduce((sum, change) => {
    switch (change.type) {
      case 'reserved':
        return sum + change.batch.events.length;
      case 'journaled':
        return sum + change.events.length;
      case 'cleared':
      case 'journal_taken':
        return sum + change.rowIds.length;
      case 'marked':
      case 'held':
        return sum + change.messageIds.length;
      case 'error_rows_complete':
        return sum;
    }
  }, 0);
}
