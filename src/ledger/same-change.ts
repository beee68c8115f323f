import { type DeliveriesTable } from '../database/schema.js';
import { payloadOf, type ReservedEvent } from './reserved-batch.js';

/** What identity needs of a delivery that the ledger has. */
export type Identified = Pick<
  DeliveriesTable,
  'row_id' | 'changed_at' | 'state' | 'held' | 'payload' | 'user_id'
> & { readonly time_assumed: 0 | 1 };

/**
 * Whether an event of the same message is the change that a delivery was made of, so that both have one id. The row and
 * its time say so. Where the portal's time cannot be read, the row alone does, as long as nothing speaks against it:
 * - The delivery has not succeeded, and its row is not gone. Consumers drop an id that they have dealt with, so what may
 *   be a newer change (the row's id given out again by a portal that was restored) must not have it.
 * - Data and user are the same: a merge of another user's change would have replaced them.
 * - A time that can be read is no later than the moment for which the delivery took its own.
 * A newer change that differs in none of this goes by the id of one that failed, and is delivered all the same.
 */
export function isSameChange(event: ReservedEvent, prior: Identified): boolean {
  if (prior.row_id !== event.rowId) return false;
  const assumed = event.timeAssumed === true;
  // The same row and second are the same id.
  if (!assumed && prior.changed_at === event.changedAt) return true;
  if (!assumed && prior.time_assumed === 0) return false;
  if (isOver(prior)) return false;
  if (!assumed && event.changedAt > prior.changed_at) return false;
  return prior.payload === payloadOf(event) && prior.user_id === event.userId;
}

function isOver({ state, held }: Identified): boolean {
  return state === 'processed' || ((state === 'published' || state === 'dead') && held === 0);
}
