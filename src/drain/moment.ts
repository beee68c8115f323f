/** A point in time by both of this machine's clocks, ms. */
export interface Moment {
  /** Never set, and stands still while the machine sleeps. */
  readonly steady: number;
  /** Goes on while the machine sleeps, and can be set. */
  readonly wall: number;
}

export type ReadMoment = () => Moment;

export const readMoment: ReadMoment = () => ({ steady: performance.now(), wall: Date.now() });

/**
 * Milliseconds since then, by whichever clock says more: what is over too early can be had again, what is taken to
 * last longer than it does cannot be undone.
 */
export function elapsedSince(since: Moment, now: Moment): number {
  return Math.max(now.steady - since.steady, now.wall - since.wall);
}
