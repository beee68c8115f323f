import { type Insertable } from 'kysely';
import { type DeliveriesTable } from '../database/schema.js';
import { rememberCodes } from './event-codes.js';
import { rememberProcessIds } from './former-process-ids.js';
import { logDeliveries, logRows, type RowLogged } from './history/event-log.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { keepHistory } from './history/keep-history.js';
import { NO_REPLY, renewedChangeAt } from './late-success.js';
import { among } from './lists.js';
import { type Prior } from './priors.js';
import { objectKeyOf, payloadOf, type ReservedBatch, type ReservedEvent } from './reserved-batch.js';
import { type RetryPolicy } from './retry-timing.js';
import { mapped, rowParts } from './row-parts.js';
import { isSameChange } from './same-change.js';
import { type QueueScope } from './source-key.js';
import { type Db } from './transitions.js';

/**
 * How a fetched error row goes on: which attempt it is, when it is due, and which records it replaces. The same
 * change counts its attempts on and keeps its time; a row into which a newer change has merged starts anew.
 */
export function resume(
  event: ReservedEvent,
  priors: readonly Prior[],
  policy: RetryPolicy,
  now: number,
): {
  state: 'reserved' | 'waiting' | 'processed';
  attempt: number;
  attemptsBefore: number;
  dueAt: number | null;
  reason: string | null;
  reasonNo: number | null;
  changedAt: number;
  timeAssumed: 0 | 1;
  standsForNewer: 0 | 1 | null;
  replaces: number[];
  /** Of those: what ends with it, being of an older change. */
  supersedes: number[];
  /** Of those: what had been settled before. */
  settles: number[];
} {
  const sameRow = priors.filter((prior) => prior.row_id === event.rowId);
  // What only waits for this row is replaced by it (a failure that was still to be marked has been: here is the
  // marked row), and so is whatever else is under way of the very same change: two records of it would each use up
  // all attempts. An older change that is out with a consumer goes on by itself.
  const replaced = sameRow.filter(
    (prior) =>
      ['failed', 'marked', 'waiting'].includes(prior.state) ||
      (prior.state !== 'dead' && isSameChange(event, prior)),
  );
  const replaces = replaced.map((prior) => prior.seq);
  // An older change ends here; the same one goes on under the new process id.
  const supersedes = replaced.filter((prior) => !isSameChange(event, prior)).map((prior) => prior.seq);
  let latest: Prior | undefined;
  let attempt = 1;
  for (const prior of sameRow) {
    if (!isSameChange(event, prior)) continue;
    const next = ['reserved', 'waiting', 'refused'].includes(prior.state) ? prior.attempt : prior.attempt + 1;
    if (next >= attempt) [attempt, latest] = [next, prior];
  }
  if (latest === undefined)
    return {
      state: 'reserved',
      attempt: 1,
      attemptsBefore: 0,
      dueAt: null,
      reason: null,
      reasonNo: null,
      changedAt: event.changedAt,
      timeAssumed: event.timeAssumed === true ? 1 : 0,
      standsForNewer: null,
      replaces,
      supersedes,
      settles: [],
    };
  // Where times cannot be read, a newer change that has merged into the row does not show.
  const standsForNewer =
    event.timeAssumed === true || latest.time_assumed === 1 ? 1 : latest.stands_for_newer;
  if (isSettled(latest) && standsForNewer === 0)
    return {
      state: 'processed',
      attempt: latest.attempt,
      attemptsBefore: latest.attempts_before,
      dueAt: null,
      reason: latest.reason,
      reasonNo: latest.reason_no,
      changedAt: latest.changed_at,
      timeAssumed: latest.time_assumed,
      standsForNewer: 0,
      replaces,
      supersedes,
      settles: [],
    };
  // The change that the ledger has is done. What the row may stand for besides is delivered under an id of its own.
  if (isSettled(latest))
    return {
      state: 'reserved',
      attempt: latest.attempt + 1,
      attemptsBefore: latest.attempt,
      dueAt: null,
      reason: null,
      reasonNo: null,
      changedAt: renewedChangeAt(latest.changed_at, now),
      timeAssumed: 1,
      standsForNewer: null,
      replaces,
      supersedes,
      settles: [latest.seq],
    };
  return {
    state: 'waiting',
    attempt: Math.min(attempt, latest.attempts_before + policy.RETRY_MAX_ATTEMPTS + 1),
    attemptsBefore: latest.attempts_before,
    dueAt: latest.due_at ?? 0,
    reason: latest.reason,
    reasonNo: latest.reason_no,
    changedAt: latest.changed_at,
    timeAssumed: latest.time_assumed,
    standsForNewer,
    replaces,
    supersedes,
    settles: [],
  };
}

/** Whether a reply that came after its delivery was taken for silent has settled it. */
function isSettled({ state, heard, reason }: Prior): boolean {
  // The second: a mark was under way when the reply came.
  return (state === 'marked' && heard === 1) || (state === 'processed' && reason === NO_REPLY);
}

/** Error rows are fetched again: each goes on where its change stood. */
export async function recordErrorRows(
  db: Db,
  { memberId, sourceKey }: QueueScope,
  batch: ReservedBatch,
  events: readonly ReservedEvent[],
  priors: ReadonlyMap<string, readonly Prior[]>,
  policy: LedgerPolicy,
  now: number,
): Promise<void> {
  const replaced: number[] = [];
  const superseded: number[] = [];
  const settled: number[] = [];
  const fetched: RowLogged[] = [];
  const held = batch.held ? 1 : 0;
  const rows = mapped(events, (event) => {
    const next = resume(event, priors.get(event.messageId) ?? [], policy, now);
    replaced.push(...next.replaces);
    superseded.push(...next.supersedes);
    settled.push(...next.settles);
    if (next.replaces.length > 0)
      fetched.push({
        rowId: event.rowId,
        changedAt: next.changedAt,
        attempt: next.attempt,
        reasonNo: next.reasonNo,
      });
    return {
      member_id: memberId,
      process_id: batch.processId,
      message_id: event.messageId,
      row_id: event.rowId,
      changed_at: next.changedAt,
      time_assumed: next.timeAssumed,
      event: event.event,
      payload: payloadOf(event),
      user_id: event.userId,
      object_id: objectKeyOf(event),
      state: next.state,
      state_at: now,
      held,
      source_key: sourceKey,
      errored: 1,
      attempt: next.attempt,
      attempts_before: next.attemptsBefore,
      due_at: next.dueAt,
      reason: next.reason,
      reason_no: next.reasonNo,
      stands_for_newer: next.standsForNewer,
      reserved_at: now,
    } satisfies Insertable<DeliveriesTable>;
  });
  await rememberCodes(db, events);
  for (const part of rowParts(rows)) {
    await db
      .insertInto('deliveries')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['member_id', 'process_id', 'message_id']).doUpdateSet({
          held,
          source_key: sourceKey,
          errored: 1,
        }),
      )
      .execute();
  }
  if (policy.HISTORY_DAYS > 0) {
    await logDeliveries(db, policy, 'superseded', superseded, now);
    await logRows(db, policy, 'fetched', { memberId, processId: batch.processId }, fetched, now);
    await keepHistory(db, superseded, 'superseded', now);
    await keepHistory(db, settled, 'settled', now);
  }
  if (replaced.length === 0) return;
  await rememberProcessIds(db, memberId, batch.processId, replaced);
  await db
    .deleteFrom('deliveries')
    .where(among(db, 'seq', replaced))
    .execute();
}
