/** What the portal says of a method's execution time, and what one round has added to it. */
export interface ExecutionTime {
  /** Seconds used within ten minutes; null where unsaid. */
  readonly operating: number | null;
  /** Seconds of the round just answered. */
  readonly seconds: number;
}

/** How far a method's execution time may be used, s within ten minutes. */
export interface ExecutionLimits {
  /** The use approaches this, and does not reach it. */
  readonly most: number;
  /** Up to here nothing is held back. */
  readonly free: number;
}

/** Beyond 480 s in ten minutes the portal refuses the method. Ours stays well below: others may call it as well. */
const MOST_SECONDS = 360;
/** Up to here nothing is held back. */
const FREE_SECONDS = 180;
const ORDINARY: ExecutionLimits = { most: MOST_SECONDS, free: FREE_SECONDS };
const LONGEST_REST_MS = 60_000;
const SMALLEST_SHARE = 0.05;

/**
 * How long the next request waits so that a method does not run out of execution time, ms: nothing while
 * little is used, then more and more, so that the use approaches its limit and does not reach it. Pure.
 */
export function restFor(
  { operating, seconds }: ExecutionTime,
  { most, free }: ExecutionLimits = ORDINARY,
): number {
  if (operating === null || operating <= free) return 0;
  const left = (most - operating) / (most - free);
  const share = Math.max(left, SMALLEST_SHARE);
  return Math.min(Math.round(seconds * 1000 * (1 / share - 1)), LONGEST_REST_MS);
}
