import { type DeliveryState } from '../database/schema.js';
import { logDeliveries } from './history/event-log.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { exhausted } from './retry-timing.js';
import { chunks, type Db, move, touched } from './transitions.js';

/** States in which {@link retryNow} does something. */
export const RETRYABLE: readonly DeliveryState[] = ['dead', 'waiting', 'refused', 'marked'];

type MadeDue = 'waiting' | 'refused' | 'marked';

/** What a person's "retry now" did. Counts of deliveries. */
export interface RetriedNow {
  /** Were dead, or about to be: a new series of attempts begins. */
  renewed: number;
  /** Waited for a later time, or for a queue that refused them: due now. */
  due: number;
  /** Are marked on the portal: the next round fetches them, and they are due then. */
  fetched: number;
  /** In no state in which anything is to be retried, by state. */
  left: Partial<Record<DeliveryState, number>>;
}

/** How many are delivered again. */
export function retriedOf({ renewed, due, fetched }: Omit<RetriedNow, 'left'>): number {
  return renewed + due + fetched;
}

/**
 * Makes deliveries due now.
 *
 * A dead one gets a whole new series of `RETRY_MAX_ATTEMPTS` deliveries. Its attempts count on all the same, so that
 * a late reply to an attempt of the old series still speaks of an earlier one and has no effect; `attempts_before`
 * says how many belong to the past.
 * @param by who asked for it
 */
export async function retryNow(
  db: Db,
  seqs: readonly number[],
  policy: LedgerPolicy,
  now: number,
  by: string | null = null,
): Promise<RetriedNow> {
  const result: RetriedNow = { renewed: 0, due: 0, fetched: 0, left: {} };
  for (const part of chunks(seqs)) {
    const rows = await db
      .selectFrom('deliveries')
      .select(['seq', 'state', 'attempt', 'attempts_before'])
      .where('seq', 'in', part)
      .execute();
    const renew: number[] = [];
    const dueNow: Record<MadeDue, number[]> = { waiting: [], refused: [], marked: [] };
    for (const row of rows) {
      const { state } = row;
      const pending = state === 'waiting' || state === 'refused';
      if (state === 'dead' || (pending && exhausted(row, policy))) renew.push(row.seq);
      else if (pending || state === 'marked') dueNow[state].push(row.seq);
      else result.left[state] = (result.left[state] ?? 0) + 1;
    }
    await logDeliveries(db, policy, 'retried', [...renew, ...Object.values(dueNow).flat()], now, by);
    if (renew.length > 0) {
      const renewed = await move(db, ['dead', 'waiting', 'refused'], 'waiting', now)
        .set((eb) => ({ attempts_before: eb('attempt', '-', 1), due_at: now, refusals: 0 }))
        .where('seq', 'in', renew)
        .executeTakeFirst();
      result.renewed += touched(renewed);
    }
    for (const state of ['waiting', 'refused', 'marked'] as const) {
      if (dueNow[state].length === 0) continue;
      const touchedRows = await db
        .updateTable('deliveries')
        .set({ due_at: now })
        .where('seq', 'in', dueNow[state])
        .where('state', '=', state)
        .executeTakeFirst();
      result[state === 'marked' ? 'fetched' : 'due'] += touched(touchedRows);
    }
  }
  return result;
}
