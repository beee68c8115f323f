import { type Insertable } from 'kysely';
import { type DeliveriesTable, type DeliveryState } from '../database/schema.js';
import { insertReserved } from './insert-reserved.js';
import { among } from './lists.js';
import { payloadOf, type ReservedBatch, type ReservedEvent } from './reserved-batch.js';
import { type RetryPolicy } from './retry-timing.js';
import { chunks, type Db, move } from './transitions.js';

export { type ReservedBatch, type ReservedEvent } from './reserved-batch.js';

/** What the ledger remembers of a change that comes back under a new process id. */
export interface Prior {
  readonly seq: number;
  readonly message_id: string;
  readonly row_id: string;
  readonly changed_at: number;
  readonly state: DeliveryState;
  readonly attempt: number;
  readonly attempts_before: number;
  readonly due_at: number | null;
  readonly reason: string | null;
}

/**
 * How a fetched error row goes on: which attempt it is, when it is due, and which records it replaces. The same
 * change (row and time) counts its attempts on; a row into which a newer change has merged starts anew.
 */
export function resume(
  event: Pick<ReservedEvent, 'rowId' | 'changedAt'>,
  priors: readonly Prior[],
  policy: RetryPolicy,
): {
  state: 'reserved' | 'waiting';
  attempt: number;
  attemptsBefore: number;
  dueAt: number | null;
  reason: string | null;
  replaces: number[];
} {
  const sameRow = priors.filter((prior) => prior.row_id === event.rowId);
  // What only waits for this row is replaced by it (a failure that was still to be marked has been: here is the
  // marked row), and so is whatever else is under way of the very same change: two records of it would each use up
  // all attempts. An older change that is out with a consumer goes on by itself.
  const replaces = sameRow
    .filter(
      (prior) =>
        ['failed', 'marked', 'waiting'].includes(prior.state) ||
        (prior.changed_at === event.changedAt && prior.state !== 'dead'),
    )
    .map((prior) => prior.seq);
  let latest: Prior | undefined;
  let attempt = 1;
  for (const prior of sameRow) {
    if (prior.changed_at !== event.changedAt) continue;
    const next = ['reserved', 'waiting'].includes(prior.state) ? prior.attempt : prior.attempt + 1;
    if (next >= attempt) [attempt, latest] = [next, prior];
  }
  if (latest === undefined)
    return { state: 'reserved', attempt: 1, attemptsBefore: 0, dueAt: null, reason: null, replaces };
  return {
    state: 'waiting',
    attempt: Math.min(attempt, latest.attempts_before + policy.RETRY_MAX_ATTEMPTS + 1),
    attemptsBefore: latest.attempts_before,
    dueAt: latest.due_at ?? 0,
    reason: latest.reason,
    replaces,
  };
}

/**
 * Records a batch, before anything of it is published. Harmless to repeat: known deliveries keep their state and
 * are held again.
 */
export async function recordReserved(
  db: Db,
  memberId: string,
  batch: ReservedBatch,
  policy: RetryPolicy,
  now: number,
): Promise<void> {
  // One answer cannot hold a message twice under one process id; a broken one must not break the insert.
  const events = [...new Map(batch.events.map((event) => [event.messageId, event])).values()];
  if (events.length === 0) return;
  if (batch.held) await forgetElsewhere(db, memberId, batch.processId, events);
  if (batch.errored) return recordErrorRows(db, memberId, batch, events, policy, now);
  const known = await isKnown(db, memberId, batch.processId);
  await insertReserved(db, memberId, batch, events, now);
  if (batch.held && known) {
    // The portal still holds it unmarked, whatever we believed: it is marked again, not forgotten.
    await move(db, ['marked'], 'failed', now)
      .where('member_id', '=', memberId)
      .where('process_id', '=', batch.processId)
      .where(
        among(
          db,
          'message_id',
          events.map((event) => event.messageId),
        ),
      )
      .execute();
  }
}

/** Whether the ledger has anything of a batch, be its state what it may. */
async function isKnown(db: Db, memberId: string, processId: string): Promise<boolean> {
  const one = await db
    .selectFrom('deliveries')
    .select('seq')
    .where('member_id', '=', memberId)
    .where('process_id', '=', processId)
    .limit(1)
    .execute();
  return one.length > 0;
}

/** Error rows are fetched again: each goes on where its change stood. */
async function recordErrorRows(
  db: Db,
  memberId: string,
  batch: ReservedBatch,
  events: readonly ReservedEvent[],
  policy: RetryPolicy,
  now: number,
): Promise<void> {
  const priors = await priorsOf(db, memberId, batch.processId, events);
  const replaced: number[] = [];
  const held = batch.held ? 1 : 0;
  const rows = events.map((event) => {
    const next = resume(event, priors.get(event.messageId) ?? [], policy);
    replaced.push(...next.replaces);
    return {
      member_id: memberId,
      process_id: batch.processId,
      message_id: event.messageId,
      row_id: event.rowId,
      changed_at: event.changedAt,
      event: event.event,
      payload: payloadOf(event),
      user_id: event.userId,
      state: next.state,
      state_at: now,
      held,
      errored: 1,
      attempt: next.attempt,
      attempts_before: next.attemptsBefore,
      due_at: next.dueAt,
      reason: next.reason,
      reserved_at: now,
    } satisfies Insertable<DeliveriesTable>;
  });
  for (const part of chunks(rows, 500)) {
    await db
      .insertInto('deliveries')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['member_id', 'process_id', 'message_id']).doUpdateSet({ held, errored: 1 }),
      )
      .execute();
  }
  if (replaced.length > 0)
    await db
      .deleteFrom('deliveries')
      .where(among(db, 'seq', replaced))
      .execute();
}

/** A row has one process id: seen under this one, it is held under no other. */
async function forgetElsewhere(
  db: Db,
  memberId: string,
  processId: string,
  events: readonly ReservedEvent[],
): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ held: 0 })
    .where('member_id', '=', memberId)
    .where(
      among(
        db,
        'message_id',
        events.map((event) => event.messageId),
      ),
    )
    .where(
      among(
        db,
        'row_id',
        events.map((event) => event.rowId),
      ),
    )
    .where('held', '=', 1)
    .where('process_id', '!=', processId)
    .execute();
}

async function priorsOf(
  db: Db,
  memberId: string,
  processId: string,
  events: readonly ReservedEvent[],
): Promise<Map<string, Prior[]>> {
  const byMessage = new Map<string, Prior[]>();
  const rows = await db
    .selectFrom('deliveries')
    .select([
      'seq',
      'message_id',
      'row_id',
      'changed_at',
      'state',
      'attempt',
      'attempts_before',
      'due_at',
      'reason',
    ])
    .where('member_id', '=', memberId)
    .where(
      among(
        db,
        'message_id',
        events.map((event) => event.messageId),
      ),
    )
    .where('process_id', '!=', processId)
    .execute();
  for (const row of rows) {
    const list = byMessage.get(row.message_id);
    if (list === undefined) byMessage.set(row.message_id, [row]);
    else list.push(row);
  }
  return byMessage;
}
