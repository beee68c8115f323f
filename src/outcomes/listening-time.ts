interface Period {
  readonly from: number;
  /** null while it lasts. */
  to: number | null;
}

/** Older ones are forgotten, as if the queue had not been read then: that can only make a silence last longer. */
const MAX_PERIODS = 100;

/** When the reply queue was being read. Times are ms of a clock that only goes forward. */
export class ListeningTime {
  private readonly periods: Period[] = [];

  get listening(): boolean {
    return this.periods.at(-1)?.to === null;
  }

  begins(at: number): void {
    if (this.listening) return;
    this.periods.push({ from: at, to: null });
    if (this.periods.length > MAX_PERIODS) this.periods.shift();
  }

  ends(at: number): void {
    const last = this.periods.at(-1);
    if (last?.to === null) last.to = Math.max(last.from, at);
  }

  /** The latest moment from which to `until` the queue was read for `span` ms in all; null where there is none. */
  since(span: number, until: number): number | null {
    let missing = span;
    for (const { from, to } of this.periods.toReversed()) {
      const end = Math.min(to ?? until, until);
      if (end < from) continue;
      if (end - from >= missing) return end - missing;
      missing -= end - from;
    }
    return null;
  }

  /** For how long the queue was read between two moments, ms. */
  between(from: number, until: number): number {
    return this.periods.reduce(
      (sum, period) => sum + Math.max(0, Math.min(period.to ?? until, until) - Math.max(period.from, from)),
      0,
    );
  }
}
