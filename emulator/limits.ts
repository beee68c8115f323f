/** The request budget of one portal: level +1 a request, refused above `burst`, leaking at a steady rate. */
export class LeakyBucket {
  private level = 0;
  private at: number;

  constructor(
    private readonly now: () => number,
    public ratePerSecond: number,
    public burst: number,
  ) {
    this.at = now();
  }

  /** @returns false when the request is to be refused; a refused request does not raise the level */
  admit(): boolean {
    const now = this.now();
    this.level = Math.max(0, this.level - ((now - this.at) / 1000) * this.ratePerSecond);
    this.at = now;
    // The tolerance keeps thousands of small leaks from adding up to one refusal too many.
    if (this.level + 1 > this.burst + 1e-9) return false;
    this.level += 1;
    return true;
  }
}

const BUCKET_SECONDS = 60;
const BUCKETS = 10;

/** Execution time a method may use: the sum over ten one-minute buckets. */
export class OperatingTime {
  private readonly used = new Map<string, Map<number, number>>();

  constructor(
    private readonly now: () => number,
    public limitSeconds: number,
  ) {}

  /** Adds seconds to the current minute of a method. */
  add(method: string, seconds: number): void {
    const minutes = this.minutes(method);
    const current = this.minute();
    minutes.set(current, (minutes.get(current) ?? 0) + seconds);
  }

  /** Seconds used within the last ten buckets. */
  operating(method: string): number {
    let sum = 0;
    for (const seconds of this.minutes(method).values()) sum += seconds;
    return sum;
  }

  /** Unix seconds at which the oldest used bucket is forgotten. */
  resetAt(method: string): number {
    const oldest = Math.min(this.minute(), ...this.minutes(method).keys());
    return (oldest + BUCKETS) * BUCKET_SECONDS;
  }

  isExhausted(method: string): boolean {
    return this.operating(method) >= this.limitSeconds;
  }

  private minute(): number {
    return Math.floor(this.now() / 1000 / BUCKET_SECONDS);
  }

  private minutes(method: string): Map<number, number> {
    const minutes = this.used.get(method) ?? new Map<number, number>();
    this.used.set(method, minutes);
    const oldest = this.minute() - BUCKETS + 1;
    for (const minute of minutes.keys()) if (minute < oldest) minutes.delete(minute);
    return minutes;
  }
}
