import { type DeliveryOrigin } from '../database/schema.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { rememberCodes } from './event-codes.js';
import { logRows } from './history/event-log.js';
import { reasonNumbers } from './history/reasons.js';
import { objectKeyOf, payloadOf } from './reserved-batch.js';
import { retryDueAt } from './retry-timing.js';
import { type Db } from './transitions.js';

/** A delivery that the ledger has forgotten, as the event's own body tells of it, and why it failed. */
export interface Returned {
  readonly memberId: string;
  readonly processId: string;
  readonly messageId: string;
  readonly rowId: string;
  /** Unix seconds. */
  readonly changedAt: number;
  readonly event: string;
  readonly data: unknown;
  readonly userId: string | null;
  /** The attempt that failed. */
  readonly attempt: number;
  /** Left out or null for the portal's own events. */
  readonly origin?: DeliveryOrigin | null;
  /** The routing key that was asked for; left out or null: the standard one. */
  readonly routingKey?: string | null;
  readonly reason: string | null;
}

const failureReason = ({ reason }: Returned) => reason ?? 'failed without a reason';

/**
 * Takes failed events back into the ledger, each for its next attempt, or as one that has used up all of them. Nothing
 * of them is held on the portal, so nothing is marked there. To repeat it has no effect, and neither has an event whose
 * change is under way already or has been delivered again since. Run it in a transaction.
 * @returns those that were taken back
 */
export async function takeBack(
  db: Db,
  returned: readonly Returned[],
  policy: LedgerPolicy,
  now: number,
): Promise<Returned[]> {
  const taken: Returned[] = [];
  const reasons = await reasonNumbers(db, returned.map(failureReason), now);
  for (const one of returned) {
    const known = await deliveriesOf(db, one);
    if (known.some(({ state, attempt }) => state !== 'processed' || attempt > one.attempt)) continue;
    const isLast = one.attempt >= policy.RETRY_MAX_ATTEMPTS;
    const reasonNo = reasons.get(failureReason(one)) ?? null;
    const dueAt = isLast
      ? now
      : retryDueAt(now, one.attempt, Number(/\d+$/.exec(one.rowId)?.[0] ?? 0), policy);
    const seq = await insertForgotten(
      db,
      one,
      { dueAt, attemptsBefore: 0, reason: failureReason(one), reasonNo },
      now,
    );
    if (seq === null) continue;
    taken.push(one);
    await logRows(db, policy, 'failed', one, [{ ...one, via: 'dead letter', reasonNo }], now);
  }
  return taken;
}

type Letter = Omit<Returned, 'reason'>;

/** What the ledger has of an event's change. */
export function deliveriesOf(db: Db, { memberId, messageId, rowId, changedAt }: Letter) {
  return db
    .selectFrom('deliveries')
    .select(['seq', 'state', 'attempt'])
    .where('member_id', '=', memberId)
    .where('message_id', '=', messageId)
    .where('row_id', '=', rowId)
    .where('changed_at', '=', changedAt)
    .execute();
}

/** How the delivery of a forgotten event goes on. */
interface NextAttempt {
  readonly dueAt: number;
  /** Of a former series. */
  readonly attemptsBefore: number;
  readonly reason: string;
  readonly reasonNo: number | null;
}

/** A delivery for an event that the ledger has forgotten, held by no portal: its number. Null where another has its names. */
export async function insertForgotten(
  db: Db,
  event: Letter,
  next: NextAttempt,
  now: number,
): Promise<number | null> {
  await rememberCodes(db, [event]);
  const inserted = await db
    .insertInto('deliveries')
    .values({
      member_id: event.memberId,
      process_id: event.processId,
      message_id: event.messageId,
      row_id: event.rowId,
      changed_at: event.changedAt,
      event: event.event,
      payload: payloadOf(event),
      user_id: event.userId,
      object_id: objectKeyOf(event),
      origin: event.origin ?? null,
      routing_key: event.routingKey ?? null,
      state: 'waiting',
      state_at: now,
      held: 0,
      errored: 0,
      attempt: event.attempt + 1,
      attempts_before: next.attemptsBefore,
      due_at: next.dueAt,
      reason: next.reason,
      reason_no: next.reasonNo,
      reserved_at: now,
    })
    .onConflict((conflict) => conflict.columns(['member_id', 'process_id', 'message_id']).doNothing())
    .returning('seq')
    .executeTakeFirst();
  return inserted?.seq ?? null;
}
