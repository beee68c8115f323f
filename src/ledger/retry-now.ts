import { type DeliveryState } from '../database/schema.js';
import { exhausted, type RetryPolicy } from './retry-timing.js';
import { chunks, type Db, move, touched } from './transitions.js';

/** States in which {@link retryNow} does something. */
export const RETRYABLE: readonly DeliveryState[] = ['dead', 'waiting', 'marked'];

/** What a person's "retry now" did. Counts of deliveries. */
export interface RetriedNow {
  /** Were dead, or about to be: a new series of attempts begins. */
  renewed: number;
  /** Waited for a later time: due now. */
  due: number;
  /** Are marked on the portal: the next round fetches them, and they are due then. */
  fetched: number;
  /** In no state in which anything is to be retried, by state. */
  left: Partial<Record<DeliveryState, number>>;
}

/**
 * Makes deliveries due now.
 *
 * A dead one gets a whole new series of `RETRY_MAX_ATTEMPTS` deliveries. Its attempts count on all the same, so that
 * a late reply to an attempt of the old series still speaks of an earlier one and has no effect; `attempts_before`
 * says how many belong to the past.
 */
export async function retryNow(
  db: Db,
  seqs: readonly number[],
  policy: RetryPolicy,
  now: number,
): Promise<RetriedNow> {
  const result: RetriedNow = { renewed: 0, due: 0, fetched: 0, left: {} };
  for (const part of chunks(seqs)) {
    const rows = await db
      .selectFrom('deliveries')
      .select(['seq', 'state', 'attempt', 'attempts_before'])
      .where('seq', 'in', part)
      .execute();
    const renew: number[] = [];
    const hasten: Record<'waiting' | 'marked', number[]> = { waiting: [], marked: [] };
    for (const row of rows) {
      if (row.state === 'dead' || (row.state === 'waiting' && exhausted(row, policy))) renew.push(row.seq);
      else if (row.state === 'waiting' || row.state === 'marked') hasten[row.state].push(row.seq);
      else result.left[row.state] = (result.left[row.state] ?? 0) + 1;
    }
    if (renew.length > 0) {
      const renewed = await move(db, ['dead', 'waiting'], 'waiting', now)
        .set((eb) => ({ attempts_before: eb('attempt', '-', 1), due_at: now }))
        .where('seq', 'in', renew)
        .executeTakeFirst();
      result.renewed += touched(renewed);
    }
    for (const state of ['waiting', 'marked'] as const) {
      if (hasten[state].length === 0) continue;
      const hastened = await db
        .updateTable('deliveries')
        .set({ due_at: now })
        .where('seq', 'in', hasten[state])
        .where('state', '=', state)
        .executeTakeFirst();
      result[state === 'waiting' ? 'due' : 'fetched'] += touched(hastened);
    }
  }
  return result;
}
