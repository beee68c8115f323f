import { type Expression, type ExpressionBuilder, sql, type SqlBool } from 'kysely';
import { type Flag, type Schema } from '../database/schema.js';
import { logDeliveries } from './history/event-log.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { reasonNumbers } from './history/reasons.js';
import { among } from './lists.js';
import { type Publishable, PUBLISHABLE_COLUMNS, publishableOf } from './publishable.js';
import { latestSaneDueAt, type RetryPolicy } from './retry-timing.js';
import { type Db, move, touched } from './transitions.js';

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
  const rows = await db
    .selectFrom('deliveries')
    .select(PUBLISHABLE_COLUMNS)
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit(kind))
    .$if(kind === 'waiting', (query) => query.where(dueWaiting(policy, now)))
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(publishableOf);
}

/** Which waiting deliveries are due; also those whose time cannot be meant. */
export function dueWaiting(policy: RetryPolicy, now: number) {
  const saneDue = latestSaneDueAt(now, policy);
  return (eb: ExpressionBuilder<Schema, 'deliveries'>): Expression<SqlBool> =>
    eb.or([eb('due_at', '<=', now), eb('due_at', '>', saneDue), eb('due_at', 'is', null)]);
}

/**
 * When the first waiting delivery is due, Unix ms; null where none waits.
 * @param after looks only at what is due later than this, Unix ms: what is due now is known, and waits for something else
 */
export async function nextDueAt(
  db: Db,
  memberId: string,
  policy: RetryPolicy,
  now: number,
  after: number | null = null,
): Promise<number | null> {
  const row = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.min<number | null>('due_at').as('due_at'))
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('waiting'))
    .$if(after !== null, (query) =>
      query.where('due_at', '>', after).where('due_at', '<=', latestSaneDueAt(now, policy)),
    )
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
    const confirmed = async (heard: Flag) => {
      const result = await move(
        db,
        ['reserved', 'waiting', 'refused'],
        heard === 1 ? 'processed' : 'published',
        now,
      )
        .set({
          due_at: null,
          refusals: 0,
          published_at: now,
          // Sent after its mark, it has told of all that the mark may have deleted.
          stands_for_newer: sql<0 | null>`case when errored = 1 or stands_for_newer is not null then 0 end`,
        })
        .where(among(db, 'seq', seqs))
        .where('attempt', '=', attempt)
        .where('heard', '=', heard)
        .executeTakeFirst();
      return touched(result);
    };
    const published = await confirmed(0);
    count += published;
    // Some are missing: what a service has processed by now is settled by the confirm.
    if (published < seqs.length) count += await confirmed(1);
  }
  return count;
}

/** A delivery whose dead letter the broker confirmed. */
export interface ConfirmedDeadLetter {
  readonly seq: number;
  readonly reason: string;
  /** As read when the dead letter was sent: a delivery that was given a new series since lives on. Left out, it is not looked at. */
  readonly attemptsBefore?: number;
}

/** Records that the broker confirmed these deliveries on the dead-letter exchange. Returns how many. */
export async function recordDead(
  db: Db,
  deliveries: readonly ConfirmedDeadLetter[],
  policy: LedgerPolicy,
  now: number,
): Promise<number> {
  const numbers = await reasonNumbers(
    db,
    deliveries.map(({ reason }) => reason),
    now,
  );
  const dead: number[] = [];
  for (const { seq, reason, attemptsBefore } of deliveries) {
    const result = await move(db, ['reserved', 'waiting', 'refused'], 'dead', now)
      .set({ due_at: null, reason, reason_no: numbers.get(reason) ?? null, refusals: 0 })
      .where('seq', '=', seq)
      .$if(attemptsBefore !== undefined, (update) =>
        update.where('attempts_before', '=', attemptsBefore ?? 0),
      )
      .executeTakeFirst();
    if (touched(result) > 0) dead.push(seq);
  }
  await logDeliveries(db, policy, 'dead', dead, now);
  return dead.length;
}
