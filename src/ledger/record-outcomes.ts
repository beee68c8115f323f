import { afterLateSuccess, silentAttempt, speaksOfSilence } from './late-success.js';
import { loadNamed, type Target, targetKey } from './named-deliveries.js';
import { type Outcome, type OutcomesRecorded } from './outcome.js';
import { afterFailure, concerns, speaksOfPresent } from './outcome-rules.js';
import { type AttemptLogged, logAttempts } from './history/event-log.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { reasonNumbers } from './history/reasons.js';
import { attemptInSeries, isLastAttempt, retryDueAt } from './retry-timing.js';
import { type Db } from './transitions.js';
import { type DeliveryChange, writeOutcomes } from './write-outcomes.js';

function failureReason({ reason }: Outcome): string {
  return (reason ?? 'failed without a reason').slice(0, 1000);
}

/** Whether it speaks of an attempt to which this very group of replies has led: no consumer can have had it yet. */
function isAhead(
  { seq }: Target,
  changes: ReadonlyMap<number, DeliveryChange>,
  { outcome }: Outcome,
): boolean {
  return outcome === 'processed' && changes.get(seq)?.state === 'waiting';
}

/**
 * Records a group of outcomes. Repeating it has no effect. Run it in a transaction of its own and acknowledge the
 * replies after the commit.
 */
export async function recordOutcomes(
  db: Db,
  outcomes: readonly Outcome[],
  policy: LedgerPolicy,
  now: number,
): Promise<OutcomesRecorded> {
  const recorded = {
    processed: new Map<string, number>(),
    failed: new Map<string, number>(),
    lateFailed: new Map<string, number>(),
    toMark: new Map<string, number>(),
    ignored: 0,
    unknown: 0,
    unknownOf: new Map<Outcome, string[]>(),
  };
  const add = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const targets = await loadNamed(db, outcomes);
  // By `seq`. Several replies of a group may speak of one delivery: what the last one leaves is written.
  const changes = new Map<number, DeliveryChange>();
  const ended: (Omit<AttemptLogged, 'reasonNo'> & { readonly reason: string | null })[] = [];
  const end = (target: Target, attempt: number, outcome: Outcome, reason: string | null) =>
    ended.push({
      seq: target.seq,
      what: reason === null ? 'heard' : 'failed',
      attempt,
      via: outcome.via ?? null,
      reason,
    });

  for (const outcome of outcomes) {
    for (const messageId of outcome.messageIds) {
      const named = targets.get(targetKey(outcome.memberId, outcome.processId, messageId));
      if (named === undefined) {
        recorded.unknown += 1;
        const others = recorded.unknownOf.get(outcome);
        if (others === undefined) recorded.unknownOf.set(outcome, [messageId]);
        else others.push(messageId);
        continue;
      }
      const { target } = named;
      const silent =
        !changes.has(target.seq) &&
        speaksOfSilence(target, { attempt: outcome.attempt, formerChange: named.formerChange });
      if (silent && outcome.outcome === 'failed') {
        const reason = failureReason(outcome);
        end(target, silentAttempt(target), outcome, reason);
        target.reason = reason;
        target.heard = 0;
        changes.set(target.seq, { state: 'told', reason });
      } else if (silent && target.heard === 0) {
        add(recorded.processed, target.member_id);
        end(target, silentAttempt(target), outcome, null);
        const state = afterLateSuccess(target);
        if (state === 'heard') target.heard = 1;
        else if (state === 'processed') target.state = state;
        else target.reason = null;
        changes.set(target.seq, { state });
      } else if (
        !speaksOfPresent(named, outcome) ||
        !concerns(target, outcome, policy, now) ||
        isAhead(target, changes, outcome)
      )
        recorded.ignored += 1;
      else if (outcome.outcome === 'processed') {
        add(recorded.processed, target.member_id);
        if (target.state === 'published') {
          target.state = 'processed';
          changes.set(target.seq, { state: 'processed' });
        } else {
          // Before the confirm: another queue may have refused it, and must get it all the same.
          target.heard = 1;
          changes.set(target.seq, { state: 'heard' });
        }
      } else {
        const late = target.state === 'processed' && target.held === 0;
        add(late ? recorded.lateFailed : recorded.failed, target.member_id);
        const reason = failureReason(outcome);
        end(target, target.attempt, outcome, reason);
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
          target.heard = 0;
          changes.set(target.seq, { state: 'waiting', attempt: target.attempt, dueAt, reason });
        }
      }
    }
  }
  const reasons = await reasonNumbers(
    db,
    ended.flatMap(({ reason }) => (reason === null ? [] : [reason])),
    now,
  );
  await logAttempts(
    db,
    policy,
    ended.map(({ reason, ...one }) => ({
      ...one,
      reasonNo: reason === null ? null : (reasons.get(reason) ?? null),
    })),
    now,
  );
  await writeOutcomes(db, changes, reasons, now);
  return recorded;
}
