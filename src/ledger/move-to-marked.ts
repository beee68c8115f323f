import { type Flag } from '../database/schema.js';
import { logDeliveries } from './history/event-log.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { among } from './lists.js';
import { attemptInSeries, retryDueAt } from './retry-timing.js';
import { type Db, move, touched } from './transitions.js';

/** A failed delivery, and which attempt has failed. */
interface Failed {
  readonly seq: number;
  readonly attempt: number;
  readonly attempts_before: number;
}

/**
 * These failed deliveries wait for their marked rows, until their retry is due. Returns how many.
 * @param more what else is known of them
 */
export async function moveToMarked(
  db: Db,
  failed: readonly Failed[],
  policy: LedgerPolicy,
  now: number,
  more: { readonly stands_for_newer?: Flag } = {},
): Promise<number> {
  const byDueAt = new Map<number, number[]>();
  for (const { seq, ...count } of failed) {
    const dueAt = retryDueAt(now, attemptInSeries(count), seq, policy);
    const seqs = byDueAt.get(dueAt);
    if (seqs === undefined) byDueAt.set(dueAt, [seq]);
    else seqs.push(seq);
  }
  let marked = 0;
  for (const [dueAt, seqs] of byDueAt) {
    const result = await move(db, ['failed'], 'marked', now)
      .set({ held: 0, due_at: dueAt, ...more })
      .where(among(db, 'seq', seqs))
      .executeTakeFirst();
    marked += touched(result);
  }
  await logDeliveries(
    db,
    policy,
    'marked',
    failed.map(({ seq }) => seq),
    now,
  );
  return marked;
}
