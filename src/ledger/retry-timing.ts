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

/** Whether no attempt follows this one. */
export function isLastAttempt(count: AttemptCount, policy: RetryPolicy): boolean {
  return attemptInSeries(count) >= policy.RETRY_MAX_ATTEMPTS;
}

/** Share of the delay that jitter may take off, or add. */
const JITTER = 0.25;
/** Deliveries of one moment fall into this many due times, so that they can be written in as many updates. */
const DUE_TIMES = 16;

/**
 * When a delivery that failed for the `attempt`th time of its series is due again, Unix ms: exponential, capped, and
 * spread by up to a quarter so that what failed together does not come back together. `seq` picks the place in that spread.
 */
export function retryDueAt(now: number, attempt: number, seq: number, policy: RetryPolicy): number {
  const factor = 2 ** Math.min(attempt - 1, 30);
  const delay = Math.min(policy.RETRY_BASE_DELAY_MS * factor, policy.RETRY_MAX_DELAY_MS);
  return Math.round(now + delay * (1 - jitterOf(seq)));
}

/** Pause after the first refusal, ms. */
const REFUSAL_BASE_MS = 1000;

/**
 * When a delivery that the broker refused for the `refusals`th time in a row is to be published again, Unix ms. Each
 * try may reach queues that have had it, so jitter makes its pauses longer: within T seconds at most 1 + log2(T + 1)
 * copies are sent, the first included.
 */
export function refusalDueAt(now: number, refusals: number, seq: number, policy: RetryPolicy): number {
  const factor = 2 ** Math.min(refusals - 1, 30);
  const jitter = jitterOf(seq);
  const delay = Math.min(REFUSAL_BASE_MS * factor * (1 + jitter), policy.RETRY_MAX_DELAY_MS * (1 - jitter));
  return Math.round(now + delay);
}

/** Share of a delay, from 0 up to {@link JITTER}. */
function jitterOf(seq: number): number {
  return (JITTER * (Math.abs(seq) % DUE_TIMES)) / DUE_TIMES;
}

/**
 * The latest due time that can be meant: anything beyond was written before the clock was set back, and is due
 * now rather than a day late.
 */
export function latestSaneDueAt(now: number, policy: RetryPolicy): number {
  return now + policy.RETRY_MAX_DELAY_MS + 1000;
}
