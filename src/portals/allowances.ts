interface Period {
  readonly until: number;
  count: number;
}

/** So many accounts are remembered; of more, the one whose period began longest ago is forgotten. */
const MOST_ACCOUNTS = 10_000;

/** How much each account may do within a period that begins with its first request. Its memory is bounded. */
export class Allowances {
  private readonly periods = new Map<string, Period>();

  /** @param now milliseconds that only ever grow */
  constructor(
    private readonly inPeriod: number,
    private readonly periodMs: number,
    private readonly now: () => number = () => performance.now(),
    private readonly mostAccounts = MOST_ACCOUNTS,
  ) {}

  /** Whether one more is allowed; counts it where it is. */
  take(account: string): boolean {
    const now = this.now();
    const known = this.periods.get(account);
    if (known !== undefined && now < known.until) {
      if (known.count >= this.inPeriod) return false;
      known.count += 1;
      return true;
    }
    this.periods.delete(account);
    this.periods.set(account, { until: now + this.periodMs, count: 1 });
    if (this.periods.size > this.mostAccounts) {
      const [oldest] = this.periods.keys();
      if (oldest !== undefined) this.periods.delete(oldest);
    }
    return true;
  }
}

/** So much at once, and what comes back a second; what came to something is given back. */
export class Allowance {
  private level = 0;
  private at: number;

  constructor(
    private readonly limit: { readonly atOnce: number; readonly perSecond: number },
    private readonly now: () => number = () => performance.now(),
  ) {
    this.at = now();
  }

  /** How long until one more is allowed, whole milliseconds; 0 where it is now. */
  readyInMs(): number {
    const { atOnce, perSecond } = this.limit;
    const over = this.present() + 1 - atOnce;
    return over <= 0 ? 0 : Math.ceil((over / perSecond) * 1000);
  }

  /** Counts one, allowed or not. */
  take(): void {
    this.level = this.present() + 1;
  }

  /** Counts one less. */
  giveBack(): void {
    this.level = Math.max(0, this.present() - 1);
  }

  private present(): number {
    const now = this.now();
    this.level = Math.max(0, this.level - ((now - this.at) / 1000) * this.limit.perSecond);
    this.at = now;
    return this.level;
  }
}
