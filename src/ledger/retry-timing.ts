/** The settings that time the retries; milliseconds and counts. */
export interface RetryPolicy {
  readonly RETRY_MAX_ATTEMPTS: number;
  readonly RETRY_BASE_DELAY_MS: number;
  readonly RETRY_MAX_DELAY_MS: number;
}

/** How far a delivery has come: `attempt` counts on for ever, a series begins after `attempts_before` of them. */
export interface AttemptCount {
  readonly attempt: number;
  readonly attempts_before: number;
}

/** Number of the attempt within its series, from 1: what limits and delays go by. */
export function attemptInSeries({ attempt, attempts_before }: AttemptCount): number {
  return attempt - attempts_before;
}

/** Whether the attempt that would be next is one too many. */
export function exhausted(count: AttemptCount, policy: RetryPolicy): boolean {
  return attemptInSeries(count) > policy.RETRY_MAX_ATTEMPTS;
}

/** Share of the delay that jitter may take off. */
const JITTER = 0.25;
/** Deliveries of one moment fall into this many due times, so that they can be written in as many updates. */
const SLOTS = 16;

/**
 * When a delivery that failed for the `attempt`th time of its series is due again, Unix ms: exponential, capped, and
 * spread by up to a quarter so that what failed together does not come back together. `seq` picks the place in that spread.
 */
export function retryDueAt(now: number, attempt: number, seq: number, policy: RetryPolicy): number {
  const factor = 2 ** Math.min(attempt - 1, 30);
  const delay = Math.min(policy.RETRY_BASE_DELAY_MS * factor, policy.RETRY_MAX_DELAY_MS);
  const slot = Math.abs(seq) % SLOTS;
  return Math.round(now + delay * (1 - (JITTER * slot) / SLOTS));
}

/**
 * The latest due time that can be meant: anything beyond was written before the clock was set back, and is due
 * now rather than a day late.
 */
export function latestSaneDueAt(now: number, policy: RetryPolicy): number {
  return now + policy.RETRY_MAX_DELAY_MS + 1000;
}
