import { sql } from 'kysely';
import { among } from './lists.js';
import { type ReservedBatch, recordReserved, type ReservedEvent } from './record-reserved.js';
import { attemptInSeries, retryDueAt, type RetryPolicy } from './retry-timing.js';
import { chunks, type Db, move, touched } from './transitions.js';

/** What a round's answer changes in the ledger, in the order in which the portal did it. */
export type LedgerChange =
  | { readonly type: 'reserved'; readonly batch: ReservedBatch }
  /** The portal has marked these rows and deleted every other unmarked row of the same messages. */
  | { readonly type: 'marked'; readonly processId: string; readonly messageIds: readonly string[] }
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

/** What applying a round did, for its log line. Counts of deliveries. */
export interface RoundApplied {
  marked: number;
  cleared: number;
  /** Held according to the ledger, gone according to the portal. */
  vanished: number;
  /** Swept off the portal by the mark of another delivery of the same object. */
  swept: number;
}

/**
 * Writes what a round did. Run it in one transaction: the portal did it in one request.
 */
export async function applyRound(
  db: Db,
  memberId: string,
  changes: readonly LedgerChange[],
  policy: RetryPolicy,
  now: number,
): Promise<RoundApplied> {
  const applied: RoundApplied = { marked: 0, cleared: 0, vanished: 0, swept: 0 };
  for (const change of changes) {
    switch (change.type) {
      case 'reserved':
        await recordReserved(db, memberId, change.batch, policy, now);
        break;
      case 'marked':
        await applyMarks(db, memberId, change, policy, now, applied);
        break;
      case 'cleared':
        applied.cleared += touched(
          await db
            .updateTable('deliveries')
            .set({ held: 0 })
            .where('member_id', '=', memberId)
            .where('process_id', '=', change.processId)
            .where(among(db, 'row_id', change.rowIds))
            .where('held', '=', 1)
            .executeTakeFirst(),
        );
        break;
      case 'held':
        applied.vanished += await forgetVanished(db, memberId, change);
        break;
      case 'error_rows_complete': {
        const result = await move(db, ['marked'], 'waiting', now)
          .set((eb) => ({ attempt: eb('attempt', '+', 1) }))
          .where('member_id', '=', memberId)
          // A mark of the future was written before the clock was set back.
          .where((eb) => eb.or([eb('state_at', '<', change.sentAt), eb('state_at', '>', now)]))
          .executeTakeFirst();
        applied.vanished += touched(result);
        break;
      }
      case 'journaled':
        await journal(db, memberId, change);
        break;
      case 'journal_taken':
        await db
          .deleteFrom('journal')
          .where('member_id', '=', memberId)
          .where(among(db, 'row_id', change.rowIds))
          .execute();
        break;
    }
  }
  return applied;
}

async function applyMarks(
  db: Db,
  memberId: string,
  change: { processId: string; messageIds: readonly string[] },
  policy: RetryPolicy,
  now: number,
  applied: RoundApplied,
): Promise<void> {
  const failed = await db
    .selectFrom('deliveries')
    .select(['seq', 'attempt', 'attempts_before'])
    .where('member_id', '=', memberId)
    .where('process_id', '=', change.processId)
    .where(among(db, 'message_id', change.messageIds))
    .where('state', '=', 'failed')
    .execute();
  const byDueAt = new Map<number, number[]>();
  for (const { seq, ...count } of failed) {
    const dueAt = retryDueAt(now, attemptInSeries(count), seq, policy);
    const seqs = byDueAt.get(dueAt);
    if (seqs === undefined) byDueAt.set(dueAt, [seq]);
    else seqs.push(seq);
  }
  for (const [dueAt, seqs] of byDueAt) {
    const result = await move(db, ['failed'], 'marked', now)
      .set({ held: 0, due_at: dueAt })
      .where(among(db, 'seq', seqs))
      .executeTakeFirst();
    applied.marked += touched(result);
  }
  // No unmarked row of these messages is left under any process id, be its delivery what it may.
  const swept = await db
    .updateTable('deliveries')
    .set({ held: 0 })
    .where('member_id', '=', memberId)
    .where(among(db, 'message_id', change.messageIds))
    .where('held', '=', 1)
    .where('errored', '=', 0)
    .executeTakeFirst();
  applied.swept += touched(swept);
}

async function forgetVanished(
  db: Db,
  memberId: string,
  change: { processId: string; messageIds: readonly string[] },
): Promise<number> {
  const believed = await db
    .selectFrom('deliveries')
    .select(['seq', 'message_id'])
    .where('member_id', '=', memberId)
    .where('process_id', '=', change.processId)
    .where('held', '=', 1)
    .where('errored', '=', 0)
    .execute();
  const held = new Set(change.messageIds);
  const vanished = believed
    .filter((delivery) => !held.has(delivery.message_id))
    .map((delivery) => delivery.seq);
  if (vanished.length > 0) {
    await db
      .updateTable('deliveries')
      .set({ held: 0 })
      .where(among(db, 'seq', vanished))
      .execute();
  }
  return vanished.length;
}

async function journal(
  db: Db,
  memberId: string,
  change: { events: readonly ReservedEvent[]; errored: boolean },
): Promise<void> {
  const events = [...new Map(change.events.map((event) => [event.rowId, event])).values()];
  for (const part of chunks(events, 500)) {
    await db
      .insertInto('journal')
      .values(
        part.map((event) => ({
          member_id: memberId,
          row_id: event.rowId,
          message_id: event.messageId,
          changed_at: event.changedAt,
          event: event.event,
          payload: JSON.stringify(event.data ?? null),
          user_id: event.userId,
          errored: change.errored ? (1 as const) : (0 as const),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['member_id', 'row_id']).doUpdateSet((eb) => ({
          message_id: eb.ref('excluded.message_id'),
          changed_at: eb.ref('excluded.changed_at'),
          event: eb.ref('excluded.event'),
          payload: eb.ref('excluded.payload'),
          user_id: eb.ref('excluded.user_id'),
          errored: eb.ref('excluded.errored'),
        })),
      )
      .execute();
  }
}

/**
 * Whether a message id reaches the portal as it is: inside a batch, a reference to another command's result would
 * be replaced, half a surrogate pair has no encoding, and an empty id (which got a name from its row) means nothing.
 */
export function markable(messageId: string): boolean {
  return !messageId.includes('$result[') && !messageId.startsWith('unnamed-row-') && messageId.isWellFormed();
}

/**
 * Failed deliveries that cannot be marked wait for a retry from the ledger instead: the portal no longer holds
 * their row, their attempts are exhausted, their id cannot be written into a mark, or (`all`) its plan has no marks. Returns how many.
 */
export async function releaseUnmarkable(
  db: Db,
  memberId: string,
  all: boolean,
  policy: RetryPolicy,
  now: number,
): Promise<number> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['seq', 'attempt', 'attempts_before', 'message_id', 'held', 'errored'])
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('failed'))
    .execute();
  const failed = rows.filter(
    (row) =>
      all ||
      row.held === 0 ||
      row.errored === 1 ||
      attemptInSeries(row) >= policy.RETRY_MAX_ATTEMPTS ||
      !markable(row.message_id),
  );
  const groups = new Map<string, number[]>();
  for (const { seq, ...count } of failed) {
    const inSeries = attemptInSeries(count);
    const last = inSeries >= policy.RETRY_MAX_ATTEMPTS;
    const key = JSON.stringify([count.attempt + 1, last ? now : retryDueAt(now, inSeries, seq, policy)]);
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
