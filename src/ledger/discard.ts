import { sql } from 'kysely';
import { type DeliveryState } from '../database/schema.js';
import { chunks, type Db, move, touched } from './transitions.js';

/** States in which {@link discard} does something. */
export const DISCARDABLE: readonly DeliveryState[] = ['dead', 'waiting'];

/** What a person's "discard" did. Counts of deliveries. */
export interface Discarded {
  /** Settled; what the portal still holds of them is cleared by the next round. */
  discarded: number;
  /** In no state in which they can be given up, by state. */
  left: Partial<Record<DeliveryState, number>>;
}

/**
 * Gives deliveries up that are dead or wait for a retry: they are settled for good, and a failure that is reported
 * later does not bring them back. A delivery that is out with a consumer, or has to be marked on the portal first,
 * is left alone.
 * @param by who decided that, for `reason`
 */
export async function discard(db: Db, seqs: readonly number[], by: string, now: number): Promise<Discarded> {
  const result: Discarded = { discarded: 0, left: {} };
  for (const part of chunks(seqs)) {
    const rows = await db
      .selectFrom('deliveries')
      .select(['seq', 'state'])
      .where('seq', 'in', part)
      .execute();
    const over: number[] = [];
    for (const { seq, state } of rows) {
      if (state === 'dead' || state === 'waiting') over.push(seq);
      else result.left[state] = (result.left[state] ?? 0) + 1;
    }
    if (over.length === 0) continue;
    const settled = await move(db, ['dead', 'waiting'], 'processed', now)
      .set({
        due_at: null,
        discarded_at: now,
        reason: sql<string>`cast(${`discarded by ${by}`} as text) || coalesce('; ' || reason, '')`,
      })
      .where('seq', 'in', over)
      .executeTakeFirst();
    result.discarded += touched(settled);
  }
  return result;
}
