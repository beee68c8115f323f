import { sql } from 'kysely';
import { type DeliveryState, type Flag } from '../database/schema.js';
import { among } from './lists.js';
import {
  type AttemptCount,
  attemptInSeries,
  exhausted,
  retryDueAt,
  type RetryPolicy,
} from './retry-timing.js';
import { type Db, move, touched } from './transitions.js';

/** What a downstream service said of some deliveries of one batch. */
export interface Outcome {
  readonly memberId: string;
  readonly processId: string;
  readonly messageIds: readonly string[];
  /** The attempt it speaks of; null = the current one. */
  readonly attempt: number | null;
  readonly outcome: 'processed' | 'failed';
  readonly reason: string | null;
}

/** What a group of outcomes changed. Counts of deliveries, by portal where it matters. */
export interface OutcomesRecorded {
  /** Deliveries that now count as processed, by member id. */
  readonly processed: Map<string, number>;
  /** Deliveries that failed while they were under way, by member id. */
  readonly failed: Map<string, number>;
  /** Deliveries that failed after the portal's row was cleared, by member id. */
  readonly lateFailed: Map<string, number>;
  /** Deliveries that are to be marked by the next round, by member id. */
  readonly toMark: Map<string, number>;
  /** Deliveries named that had no effect: repeated, or of an earlier attempt. */
  readonly ignored: number;
  /** Deliveries named that the ledger does not know. */
  readonly unknown: number;
}

interface Target {
  seq: number;
  member_id: string;
  message_id: string;
  state: DeliveryState;
  held: Flag;
  errored: Flag;
  attempt: number;
  attempts_before: number;
  due_at: number | null;
  discarded_at: number | null;
}

/** What becomes of a delivery. */
type Change =
  | { state: 'processed' }
  | { state: 'failed'; reason: string }
  | { state: 'waiting'; attempt: number; dueAt: number; reason: string };

/** Where a failed delivery goes. Pure. */
export function afterFailure(
  delivery: Pick<Target, 'state' | 'held' | 'errored'> & AttemptCount,
  policy: RetryPolicy,
): 'failed' | 'waiting' {
  // A second mark would not match the row and could delete a newer change; without an attempt left there is
  // nothing to come back for.
  const canBeMarked = delivery.held === 1 && delivery.errored === 0;
  return canBeMarked && !isLastAttempt(delivery, policy) ? 'failed' : 'waiting';
}

function isLastAttempt(delivery: AttemptCount, policy: RetryPolicy): boolean {
  return attemptInSeries(delivery) >= policy.RETRY_MAX_ATTEMPTS;
}

/** Whether an outcome speaks of the delivery as it stands. Pure. */
export function concerns(
  delivery: Pick<Target, 'state' | 'due_at' | 'discarded_at'> & AttemptCount,
  outcome: Pick<Outcome, 'attempt' | 'outcome'>,
  policy: RetryPolicy,
  now: number,
): boolean {
  if (outcome.attempt !== null && outcome.attempt !== delivery.attempt) return false;
  switch (delivery.state) {
    case 'reserved':
    case 'published':
      return true;
    // Named with its attempt, a waiting delivery has been published and its confirm is yet to be recorded.
    case 'waiting':
      if (outcome.attempt !== null) return true;
      // The current attempt may be on its way too once it is due: a failure is heeded, since an attempt counted too
      // many does less harm than a failure lost. Before, it can only repeat what brought the delivery here.
      return outcome.outcome === 'failed' && (delivery.due_at ?? 0) <= now && !exhausted(delivery, policy);
    // Silence was taken for success; the failure came late. What somebody gave up does not come back.
    case 'processed':
      return outcome.outcome === 'failed' && delivery.discarded_at === null;
    case 'failed':
    case 'marked':
    case 'dead':
      return false;
  }
}

/**
 * Records a group of outcomes. Repeating it has no effect. Run it in a transaction of its own and acknowledge the
 * replies after the commit.
 */
export async function recordOutcomes(
  db: Db,
  outcomes: readonly Outcome[],
  policy: RetryPolicy,
  now: number,
): Promise<OutcomesRecorded> {
  const recorded = {
    processed: new Map<string, number>(),
    failed: new Map<string, number>(),
    lateFailed: new Map<string, number>(),
    toMark: new Map<string, number>(),
    ignored: 0,
    unknown: 0,
  };
  const add = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const targets = await loadTargets(db, outcomes);
  // By `seq`. Several replies of a group may speak of one delivery: what the last one leaves is written.
  const changes = new Map<number, Change>();

  for (const outcome of outcomes) {
    for (const messageId of outcome.messageIds) {
      const target = targets.get(targetKey(outcome.memberId, outcome.processId, messageId));
      if (target === undefined) recorded.unknown += 1;
      else if (!concerns(target, outcome, policy, now)) recorded.ignored += 1;
      else if (outcome.outcome === 'processed') {
        add(recorded.processed, target.member_id);
        target.state = 'processed';
        changes.set(target.seq, { state: 'processed' });
      } else {
        const late = target.state === 'processed' && target.held === 0;
        add(late ? recorded.lateFailed : recorded.failed, target.member_id);
        const reason = (outcome.reason ?? 'failed without a reason').slice(0, 1000);
        target.state = afterFailure(target, policy);
        if (target.state === 'failed') {
          add(recorded.toMark, target.member_id);
          changes.set(target.seq, { state: 'failed', reason });
        } else {
          const dueAt = isLastAttempt(target, policy)
            ? now
            : retryDueAt(now, attemptInSeries(target), target.seq, policy);
          target.attempt += 1;
          target.due_at = dueAt;
          changes.set(target.seq, { state: 'waiting', attempt: target.attempt, dueAt, reason });
        }
      }
    }
  }
  await write(db, changes, now);
  return recorded;
}

/**
 * Takes silence for an answer: deliveries published longer than `settleAfterMs` ago count as processed, or, where
 * only an explicit reply settles them, as failed. Returns how many.
 */
export async function settleSilent(
  db: Db,
  memberId: string,
  settings: RetryPolicy & { SETTLE_AFTER_MS: number; SETTLE_MODE: 'timeout' | 'ack' },
  now: number,
): Promise<{ processed: number; failed: number }> {
  const overdue = (column: 'state_at') =>
    // A time in the future was written before the clock was set back: it has waited long enough.
    sql<boolean>`(${sql.ref(column)} <= ${now - settings.SETTLE_AFTER_MS} or ${sql.ref(column)} > ${now + settings.SETTLE_AFTER_MS})`;
  if (settings.SETTLE_MODE === 'timeout') {
    const result = await move(db, ['published'], 'processed', now)
      .where('member_id', '=', memberId)
      .where(overdue('state_at'))
      .executeTakeFirst();
    return { processed: touched(result), failed: 0 };
  }
  const silent = await db
    .selectFrom('deliveries')
    .select(['process_id', 'message_id', 'attempt'])
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('published'))
    .where(overdue('state_at'))
    .limit(5000)
    .execute();
  if (silent.length === 0) return { processed: 0, failed: 0 };
  await recordOutcomes(
    db,
    silent.map((row) => ({
      memberId,
      processId: row.process_id,
      messageIds: [row.message_id],
      attempt: row.attempt,
      outcome: 'failed' as const,
      reason: 'no reply',
    })),
    settings,
    now,
  );
  return { processed: 0, failed: silent.length };
}

/** One UPDATE for all that change alike. */
async function write(db: Db, changes: ReadonlyMap<number, Change>, now: number): Promise<void> {
  const groups = new Map<string, { change: Change; seqs: number[] }>();
  for (const [seq, change] of changes) {
    const key = JSON.stringify(change);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { change, seqs: [seq] });
    else group.seqs.push(seq);
  }
  for (const { change, seqs } of groups.values()) {
    await changeTo(db, change, now)
      .where(among(db, 'seq', seqs))
      .execute();
  }
}

function changeTo(db: Db, change: Change, now: number) {
  switch (change.state) {
    case 'processed':
      return move(db, ['reserved', 'published', 'waiting'], 'processed', now).set({ due_at: null });
    case 'failed':
      return move(db, ['reserved', 'published', 'processed', 'waiting'], 'failed', now).set({
        due_at: null,
        reason: change.reason,
      });
    case 'waiting':
      return move(db, ['reserved', 'published', 'processed', 'waiting'], 'waiting', now).set({
        attempt: change.attempt,
        due_at: change.dueAt,
        reason: change.reason,
      });
  }
}

const targetKey = (memberId: string, processId: string, messageId: string) =>
  `${memberId}\n${processId}\n${messageId}`;

/** Replies of one moment speak of few batches, so one SELECT a batch. */
async function loadTargets(db: Db, outcomes: readonly Outcome[]): Promise<Map<string, Target>> {
  const wanted = new Map<string, { memberId: string; processId: string; messageIds: Set<string> }>();
  for (const { memberId, processId, messageIds } of outcomes) {
    const key = targetKey(memberId, processId, '');
    let batch = wanted.get(key);
    if (batch === undefined) wanted.set(key, (batch = { memberId, processId, messageIds: new Set() }));
    for (const messageId of messageIds) batch.messageIds.add(messageId);
  }
  const targets = new Map<string, Target>();
  for (const { memberId, processId, messageIds } of wanted.values()) {
    const rows = await db
      .selectFrom('deliveries')
      .select([
        'seq',
        'member_id',
        'message_id',
        'state',
        'held',
        'errored',
        'attempt',
        'attempts_before',
        'due_at',
        'discarded_at',
      ])
      .where('member_id', '=', memberId)
      .where('process_id', '=', processId)
      .where(among(db, 'message_id', [...messageIds]))
      .orderBy('seq')
      .execute();
    for (const row of rows) targets.set(targetKey(memberId, processId, row.message_id), row);
  }
  return targets;
}
