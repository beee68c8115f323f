/** What attempts are counted on: an address, a browser, all of them together. */
export interface Account {
  readonly key: string;
  /** So many attempts in {@link ATTEMPTS_PERIOD_MS} at most. */
  readonly limit: number;
}

/** Whether a password may be tried. */
export type Attempt =
  | {
      readonly allowed: true;
      /** Takes the attempt back: the password was right. */
      readonly undo: () => void;
    }
  | { readonly allowed: false; /** Until one more is allowed, ms. */ readonly waitMs: number };

export const ATTEMPTS_PERIOD_MS = 5 * 60_000;
const FORGET_EVERY_MS = 60_000;

/**
 * Counts attempts over the last five minutes. An attempt counts before it is known how it ends, so that two at
 * once cannot share one place; one that is refused does not count, so that refused attempts do not lengthen the wait.
 *
 * Memory follows from the limits: only what is allowed is remembered. Each process counts for itself.
 */
export class LogInAttempts {
  private readonly times = new Map<string, number[]>();
  private forgotAt: number;

  /** @param now a clock that never goes back, ms */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.forgotAt = now();
  }

  /** Counts an attempt on all of these accounts, or on none, where one of them is used up. */
  take(accounts: readonly Account[]): Attempt {
    const now = this.now();
    this.forgetOld(now);
    const waitMs = Math.max(0, ...accounts.map((account) => this.wait(account, now)));
    if (waitMs > 0) return { allowed: false, waitMs };
    for (const { key } of accounts) this.times.set(key, [...this.recent(key, now), now]);
    return { allowed: true, undo: () => accounts.forEach(({ key }) => this.forget(key, now)) };
  }

  /** Accounts with attempts in memory. */
  get size(): number {
    return this.times.size;
  }

  private wait({ key, limit }: Account, now: number): number {
    const recent = this.recent(key, now);
    const oldest = recent.length < limit ? undefined : recent.at(-limit);
    return oldest === undefined ? 0 : oldest + ATTEMPTS_PERIOD_MS - now;
  }

  private recent(key: string, now: number): number[] {
    return (this.times.get(key) ?? []).filter((time) => time + ATTEMPTS_PERIOD_MS > now);
  }

  private forget(key: string, time: number): void {
    const times = this.times.get(key) ?? [];
    const at = times.lastIndexOf(time);
    if (at >= 0) times.splice(at, 1);
    if (times.length === 0) this.times.delete(key);
  }

  private forgetOld(now: number): void {
    if (now - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = now;
    for (const key of this.times.keys()) if (this.recent(key, now).length === 0) this.times.delete(key);
  }
}
