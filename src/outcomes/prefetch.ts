interface PaceLimits {
  /** Bytes that may be on their way at once, by the sizes seen. */
  readonly bytes: number;
  /** Messages that may be, however small. */
  readonly messages: number;
}

/** Before anything was seen. */
const FIRST = 64;
/** Share of the newest message in the average: some dozen small ones after a large one, and it is forgotten. */
const NEWEST = 1 / 8;
/** A change takes two round trips, in which nothing comes: only what is worth them, and not for every message. */
const SHRINK_AT = 4;
const GROW_AT = 2;
const GROW_BY = 4;
const SEEN_BEFORE_GROWTH = 16;

/**
 * How many messages to ask the broker for at once. RabbitMQ counts a consumer's prefetch in messages only, so it follows
 * the sizes seen: a thousand small ones, one at a time of those that are large.
 */
export class Prefetch {
  private average = 0;
  private seen = 0;
  private asked: number;

  constructor(private readonly limits: PaceLimits) {
    this.asked = Math.min(FIRST, limits.messages);
  }

  /** What to ask for now. */
  get prefetch(): number {
    return this.asked;
  }

  /** A message of so many bytes has come. */
  came(bytes: number): void {
    this.seen += 1;
    this.average += (bytes - this.average) * NEWEST;
    const fitting = Math.floor(this.limits.bytes / Math.max(1, this.average));
    const fits = Math.min(this.limits.messages, Math.max(1, fitting));
    const grows = fits >= this.asked * GROW_AT || (fits === this.limits.messages && fits > this.asked);
    if (fits * SHRINK_AT <= this.asked) this.change(fits);
    else if (grows && this.seen >= SEEN_BEFORE_GROWTH) this.change(Math.min(fits, this.asked * GROW_BY));
  }

  private change(asked: number): void {
    this.asked = asked;
    this.seen = 0;
  }
}
