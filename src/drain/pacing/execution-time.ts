/** What the portal says of a method's execution time, and what one round has added to it. */
export interface ExecutionTime {
  /** Seconds used within ten minutes; null where unsaid. */
  readonly operating: number | null;
  /** Seconds of the round just answered. */
  readonly seconds: number;
}

/** Beyond 480 s in ten minutes the portal refuses the method. Ours stays well below: others may call it as well. */
const MOST_SECONDS = 360;
/** Up to here nothing is held back. */
const FREE_SECONDS = 180;
const LONGEST_REST_MS = 60_000;
const SMALLEST_SHARE = 0.05;

/**
 * How long the next reservation waits so that a method does not run out of execution time, ms: nothing while
 * little is used, then more and more, so that the use approaches its limit and does not reach it. Pure.
 */
export function restFor({ operating, seconds }: ExecutionTime): number {
  if (operating === null || operating <= FREE_SECONDS) return 0;
  const left = (MOST_SECONDS - operating) / (MOST_SECONDS - FREE_SECONDS);
  const share = Math.max(left, SMALLEST_SHARE);
  return Math.min(Math.round(seconds * 1000 * (1 / share - 1)), LONGEST_REST_MS);
}
