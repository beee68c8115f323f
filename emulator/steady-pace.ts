const TICK_MS = 50;

/** Calls for so many changes a second, on average. */
export class SteadyPace {
  private owed = 0;
  private last = 0;
  private timer: NodeJS.Timeout | null = null;

  /**
   * @param change is told how many are due
   * @throws Error for a rate that is not positive
   */
  constructor(
    private readonly ratePerSecond: number,
    private readonly change: (count: number) => void,
  ) {
    if (!(ratePerSecond > 0)) throw new Error('ratePerSecond must be above 0');
  }

  start(): void {
    if (this.timer) return;
    this.last = performance.now();
    this.timer = setInterval(() => this.tick(performance.now()), TICK_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private tick(now: number): void {
    // Owed by elapsed time, not by ticks: a busy machine delays changes and drops none.
    this.owed += ((now - this.last) / 1000) * this.ratePerSecond;
    this.last = now;
    const whole = Math.floor(this.owed);
    this.owed -= whole;
    this.change(whole);
  }
}
