const MINUTE_MS = 60_000;

/**
 * Requests of each token: `perMinute` in a row, and as many more as time gives back. Each process counts for itself.
 */
export class RequestRate {
  private readonly buckets = new Map<string, { left: number; at: number }>();

  /** @param now a clock that never goes back, ms */
  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts a request. Resolves to 0 where it may go on, else to the ms until one more may. */
  take(token: string): number {
    const now = this.now();
    const { left, at } = this.buckets.get(token) ?? { left: this.perMinute, at: now };
    const filled = Math.min(this.perMinute, left + ((now - at) * this.perMinute) / MINUTE_MS);
    const allowed = filled >= 1;
    this.buckets.set(token, { left: allowed ? filled - 1 : filled, at: now });
    return allowed ? 0 : ((1 - filled) * MINUTE_MS) / this.perMinute;
  }
}
