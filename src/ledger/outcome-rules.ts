import { type NamedDelivery, type Target } from './named-deliveries.js';
import { type Outcome } from './outcome.js';
import { type AttemptCount, exhausted, isLastAttempt, type RetryPolicy } from './retry-timing.js';

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

/** Whether an outcome speaks of the delivery as it stands. Pure. */
export function concerns(
  delivery: Pick<Target, 'state' | 'due_at' | 'discarded_at' | 'heard'> & AttemptCount,
  outcome: Pick<Outcome, 'attempt' | 'outcome'>,
  policy: RetryPolicy,
  now: number,
): boolean {
  if (outcome.attempt !== null && outcome.attempt !== delivery.attempt) return false;
  if (delivery.heard === 1 && outcome.outcome === 'processed') return false;
  switch (delivery.state) {
    case 'reserved':
    case 'published':
      return true;
    // Queues that did not refuse it have it. Without an attempt left, it is its dead letter that is refused.
    case 'refused':
      return outcome.attempt !== null || !exhausted(delivery, policy);
    // Named with its attempt, a waiting delivery has been published and its confirm is yet to be recorded.
    case 'waiting':
      if (outcome.attempt !== null) return true;
      // The current attempt may be on its way too once it is due: a failure is heeded, since an attempt counted too
      // many does less harm than a failure lost. Before, it can only repeat what brought the delivery here.
      return outcome.outcome === 'failed' && (delivery.due_at ?? 0) <= now && !exhausted(delivery, policy);
    // Silence was taken for success; the failure came late. What was given up by hand does not come back.
    case 'processed':
      return outcome.outcome === 'failed' && delivery.discarded_at === null;
    case 'failed':
    case 'marked':
    case 'dead':
      return false;
  }
}

/**
 * Whether an outcome that names a delivery by a former process id speaks of what it is now. With its attempt named, it
 * is an earlier one; a success may be that of another change, which a newer one has replaced.
 */
export function speaksOfPresent(
  { target, formerChange }: NamedDelivery,
  { attempt, outcome }: Pick<Outcome, 'attempt' | 'outcome'>,
): boolean {
  if (formerChange === null) return true;
  return attempt === null && (outcome === 'failed' || formerChange === target.changed_at);
}
