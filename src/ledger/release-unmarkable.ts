import { sql } from 'kysely';
import { among } from './lists.js';
import { attemptInSeries, isLastAttempt, retryDueAt, type RetryPolicy } from './retry-timing.js';
import { type QueueScope } from './source-key.js';
import { type Db, move } from './transitions.js';

/**
 * Whether a message id reaches the portal as it is: inside a batch, a reference to another command's result would
 * be replaced, half a surrogate pair has no encoding, and an empty id (which got a name from its row) means nothing.
 */
function markable(messageId: string): boolean {
  return !messageId.includes('$result[') && !messageId.startsWith('unnamed-row-') && messageId.isWellFormed();
}

/**
 * Failed deliveries that cannot be marked wait for a retry from the ledger instead: the portal no longer holds
 * their row, their attempts are exhausted, their id cannot be written into a mark, or it takes no marks (`all`), none of
 * some batches. Their rows stay as they are, held by their batch where the portal has them, and are cleared in the end.
 * Returns how many.
 */
export async function releaseUnmarkable(
  db: Db,
  { memberId, sourceKey }: QueueScope,
  all: boolean,
  batches: ReadonlySet<string>,
  policy: RetryPolicy,
  now: number,
): Promise<number> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['seq', 'attempt', 'attempts_before', 'process_id', 'message_id', 'held', 'errored'])
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('failed'))
    .where('source_key', '=', sourceKey)
    .execute();
  const failed = rows.filter(
    (row) =>
      all ||
      batches.has(row.process_id) ||
      row.held === 0 ||
      row.errored === 1 ||
      isLastAttempt(row, policy) ||
      !markable(row.message_id),
  );
  const groups = new Map<string, number[]>();
  for (const { seq, ...count } of failed) {
    const dueAt = isLastAttempt(count, policy) ? now : retryDueAt(now, attemptInSeries(count), seq, policy);
    const key = JSON.stringify([count.attempt + 1, dueAt]);
    const seqs = groups.get(key);
    if (seqs === undefined) groups.set(key, [seq]);
    else seqs.push(seq);
  }
  for (const [key, seqs] of groups) {
    const [attempt, dueAt] = JSON.parse(key) as [number, number];
    await move(db, ['failed'], 'waiting', now)
      .set({ attempt, due_at: dueAt })
      .where(among(db, 'seq', seqs))
      .execute();
  }
  return failed.length;
}
