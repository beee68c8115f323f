/**
 * A wait that can be cut short: one waits, any number of callers may wake it earlier.
 */
export class WakeableSleep {
  private wake: (() => void) | null = null;
  private timer: NodeJS.Timeout | null = null;
  private dueAt = Number.POSITIVE_INFINITY;
  private wokenEarly = false;

  /** Sleeps until `ms` have passed or {@link wakeIn} says so; a wake that came before counts. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      if (this.wokenEarly) this.finish();
      else this.arm(ms);
    });
  }

  /** Wakes the sleeper, now or the next one, after `ms` at the latest. */
  wakeIn(ms: number): void {
    if (this.wake === null) {
      if (ms <= 0) this.wokenEarly = true;
      else this.dueAt = Math.min(this.dueAt, performance.now() + ms);
    } else if (ms <= 0) this.finish();
    else this.arm(ms);
  }

  private arm(ms: number): void {
    const at = Math.min(this.dueAt, performance.now() + ms);
    if (this.timer !== null) clearTimeout(this.timer);
    this.dueAt = at;
    // A timer of Node's holds 24.8 days at most.
    this.timer = setTimeout(() => this.finish(), Math.min(Math.max(0, at - performance.now()), 2 ** 31 - 1));
  }

  private finish(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.dueAt = Number.POSITIVE_INFINITY;
    this.wokenEarly = false;
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}
