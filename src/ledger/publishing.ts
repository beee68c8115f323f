import { sql } from 'kysely';
import { among } from './lists.js';
import { latestSaneDueAt, type RetryPolicy } from './retry-timing.js';
import { type Db, move, touched } from './transitions.js';

/** A delivery that is to be published now. */
export interface Publishable {
  readonly seq: number;
  readonly memberId: string;
  readonly processId: string;
  readonly messageId: string;
  readonly rowId: string;
  readonly changedAt: number;
  readonly event: string;
  readonly data: unknown;
  readonly userId: string | null;
  readonly attempt: number;
  /** Attempts of earlier series, which do not count towards the limit. */
  readonly attemptsBefore: number;
  readonly reason: string | null;
}

/** A waiting delivery that is due, or a reserved one. */
export type PublishableKind = 'reserved' | 'waiting';

/**
 * The next deliveries to publish: reserved ones in the order of their reservation, beyond `afterSeq`; or waiting
 * ones that are due, beyond `afterSeq` too, so that one pass meets each only once.
 */
export async function nextPublishable(
  db: Db,
  memberId: string,
  kind: PublishableKind,
  afterSeq: number,
  limit: number,
  policy: RetryPolicy,
  now: number,
): Promise<Publishable[]> {
  const saneDue = latestSaneDueAt(now, policy);
  const rows = await db
    .selectFrom('deliveries')
    .select([
      'seq',
      'process_id',
      'message_id',
      'row_id',
      'changed_at',
      'event',
      'payload',
      'user_id',
      'attempt',
      'attempts_before',
      'reason',
    ])
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit(kind))
    .$if(kind === 'waiting', (query) =>
      query.where((eb) =>
        eb.or([eb('due_at', '<=', now), eb('due_at', '>', saneDue), eb('due_at', 'is', null)]),
      ),
    )
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    seq: row.seq,
    memberId,
    processId: row.process_id,
    messageId: row.message_id,
    rowId: row.row_id,
    changedAt: row.changed_at,
    event: row.event,
    data: JSON.parse(row.payload) as unknown,
    userId: row.user_id,
    attempt: row.attempt,
    attemptsBefore: row.attempts_before,
    reason: row.reason,
  }));
}

/** When the first waiting delivery is due, Unix ms; null where none waits. */
export async function nextDueAt(
  db: Db,
  memberId: string,
  policy: RetryPolicy,
  now: number,
): Promise<number | null> {
  const row = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.min<number | null>('due_at').as('due_at'))
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('waiting'))
    .executeTakeFirst();
  const dueAt = row?.due_at ?? null;
  if (dueAt === null) return null;
  return dueAt > latestSaneDueAt(now, policy) ? now : dueAt;
}

/** Records that the broker confirmed these deliveries, of the given attempt. Returns how many were still waiting for it. */
export async function recordPublished(
  db: Db,
  deliveries: readonly Pick<Publishable, 'seq' | 'attempt'>[],
  now: number,
): Promise<number> {
  let count = 0;
  const byAttempt = new Map<number, number[]>();
  for (const { seq, attempt } of deliveries) {
    const seqs = byAttempt.get(attempt);
    if (seqs === undefined) byAttempt.set(attempt, [seq]);
    else seqs.push(seq);
  }
  for (const [attempt, seqs] of byAttempt) {
    // The attempt guards against a reply that overtook the confirm and has moved the delivery on.
    const result = await move(db, ['reserved', 'waiting'], 'published', now)
      .set({ due_at: null })
      .where(among(db, 'seq', seqs))
      .where('attempt', '=', attempt)
      .executeTakeFirst();
    count += touched(result);
  }
  return count;
}

/** A delivery whose dead letter the broker confirmed. */
export interface Buried {
  readonly seq: number;
  readonly reason: string;
  /** As read when it was buried: one that was given a new series since lives on. Left out, it is not looked at. */
  readonly attemptsBefore?: number;
}

/** Records that the broker confirmed these deliveries on the dead-letter exchange. Returns how many. */
export async function recordDead(db: Db, deliveries: readonly Buried[], now: number): Promise<number> {
  let count = 0;
  for (const { seq, reason, attemptsBefore } of deliveries) {
    const result = await move(db, ['reserved', 'waiting'], 'dead', now)
      .set({ due_at: null, reason })
      .where('seq', '=', seq)
      .$if(attemptsBefore !== undefined, (update) =>
        update.where('attempts_before', '=', attemptsBefore ?? 0),
      )
      .executeTakeFirst();
    count += touched(result);
  }
  return count;
}
