/** Marks that fail are tried again after so long. */
export const MARKS_AGAIN_MS = 3_600_000;

/** What became of a portal's marks lately. All of it may be lost at any moment: then they are simply tried. */
export interface Marking {
  /** Messages by batch whose mark has an unknown outcome, and has yet to be checked. */
  readonly asked: Map<string, ReadonlySet<string>>;
  /** Attempts in a row that failed, by batch. */
  readonly failures: Map<string, number>;
  /** Rounds in a row in which marks failed and none was made. */
  inARow: number;
  /** None is tried before, Unix ms. */
  notBefore: number;
  /** For how long it was set to that, ms. */
  pauseMs: number;
  /** Batches whose marks fail while others are made, and until when they are not tried, Unix ms. */
  readonly givenUp: Map<string, number>;
  /** What the portal answered to the last one that failed. */
  reason: string | null;
}

/** Nothing is known: marks are tried. */
export function freshMarking(): Marking {
  return {
    asked: new Map(),
    failures: new Map(),
    inARow: 0,
    notBefore: Number.NEGATIVE_INFINITY,
    pauseMs: 0,
    givenUp: new Map(),
    reason: null,
  };
}

/** After the clock was set back, marks do not wait for as long as it was set back. */
export function followMarkClock(marking: Marking, now: number): void {
  marking.notBefore = Math.min(marking.notBefore, now + marking.pauseMs);
}
