/** What is pending for one key, beside the work that was done. */
interface Period {
  /** To be done when the period ends; the latest of those that came meanwhile. */
  next: (() => Promise<void>) | null;
}

/**
 * Does what is asked for at most once in a period for each key: the first time at once, and the last of what was
 * asked for meanwhile when the period ends, so that nothing newer than the last time is missed.
 */
export class OnceAPeriod {
  private readonly periods = new Map<string, Period>();

  constructor(private readonly periodMs: number) {}

  /**
   * Resolves when it is done, or at once where it has to wait.
   * @param work never rejects
   */
  async run(key: string, work: () => Promise<void>): Promise<void> {
    const period = this.periods.get(key);
    if (period !== undefined) {
      period.next = work;
      return;
    }
    this.begin(key);
    await work();
  }

  private begin(key: string): void {
    const period: Period = { next: null };
    this.periods.set(key, period);
    setTimeout(() => {
      this.periods.delete(key);
      if (period.next !== null) void this.run(key, period.next);
    }, this.periodMs).unref();
  }
}
