/** A point in time by both of this machine's clocks, ms. */
export interface ClockReading {
  /** Never set, and stands still while the machine sleeps. */
  readonly monotonic: number;
  /** Goes on while the machine sleeps, and can be set. */
  readonly wall: number;
}

export type ReadClock = () => ClockReading;

export const readClock: ReadClock = () => ({ monotonic: performance.now(), wall: Date.now() });

/**
 * Milliseconds since then, by whichever clock shows more time. To give up a lease too early is harmless; to trust it too
 * long would let two replicas act at once.
 */
export function elapsedSince(since: ClockReading, now: ClockReading): number {
  return Math.max(now.monotonic - since.monotonic, now.wall - since.wall);
}
