import { type DeliveryState } from '../database/schema.js';
import { logDeliveries } from './history/event-log.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { reasonNumbers } from './history/reasons.js';
import { chunks, type Db, move, touched } from './transitions.js';

/** States in which {@link discard} does something. */
export const DISCARDABLE: readonly DeliveryState[] = ['dead', 'waiting', 'refused'];

/** What a person's "discard" did. Counts of deliveries. */
export interface Discarded {
  /** Settled; what the portal still holds of them is cleared by the next round. */
  discarded: number;
  /** In no state in which they can be given up, by state. */
  left: Partial<Record<DeliveryState, number>>;
}

/**
 * Gives deliveries up that are dead, wait for a retry or are refused by a queue: they are settled for good, and a failure that is reported
 * later does not bring them back. A delivery that is out with a consumer, or has to be marked on the portal first,
 * is left alone.
 * @param by who decided that, for `reason`
 */
export async function discard(
  db: Db,
  seqs: readonly number[],
  by: string,
  policy: Pick<LedgerPolicy, 'HISTORY_DAYS'>,
  now: number,
): Promise<Discarded> {
  const result: Discarded = { discarded: 0, left: {} };
  for (const part of chunks(seqs)) {
    const rows = await db
      .selectFrom('deliveries')
      .select(['seq', 'state', 'reason'])
      .where('seq', 'in', part)
      .execute();
    const over = new Map<string, number[]>();
    for (const { seq, state, reason } of rows) {
      if (DISCARDABLE.includes(state)) {
        const why = `discarded by ${by}${reason === null ? '' : `; ${reason}`}`;
        over.set(why, [...(over.get(why) ?? []), seq]);
      } else result.left[state] = (result.left[state] ?? 0) + 1;
    }
    const numbers = await reasonNumbers(db, over.keys(), now);
    for (const [reason, some] of over) {
      await logDeliveries(db, policy, 'discarded', some, now, by);
      const settled = await move(db, ['dead', 'waiting', 'refused'], 'processed', now)
        .set({ due_at: null, discarded_at: now, reason, reason_no: numbers.get(reason) ?? null })
        .where('seq', 'in', some)
        .executeTakeFirst();
      result.discarded += touched(settled);
    }
  }
  return result;
}
