/** `high`: others wait for what it ends. `low`: it takes long, and comes after what is short. */
export type Priority = 'high' | 'normal' | 'low';

/** One low-priority piece after so many others. */
const LOW_EVERY = 8;

/**
 * Cuts work that never waits for anything into pieces between yields to the event loop: at each yield the process
 * attends to its connections and timers. Without them one piece of work could follow another for as long as there is
 * any, and Node accepts no more than one new connection at each.
 *
 * What does not fit before the next yield is done after it, in the order in which it came, by its priority: high
 * alternates with the rest, and low comes last, but in its turn. What callers do with the answers counts, too: others
 * wait for it no less.
 */
export class EventLoopYield {
  /** When the first piece was done at once since the last yield; null where none was. */
  private begunAt: number | null = null;
  private readonly waiting: Readonly<Record<Priority, (() => void)[]>> = {
    high: [],
    normal: [],
    low: [],
  };
  /** Pieces done since the last one of low priority. */
  private sinceLow = 0;
  private last: Priority = 'normal';
  /** Something waits for the next yield. */
  private goesOn = false;

  /** @param everyMs the time between two yields; what is being done then is finished first */
  constructor(private readonly everyMs: number) {}

  /** Does the work now, or after the next yield where that is due or others wait. Rejects with what it throws. */
  run<T>(work: () => T, priority: Priority = 'normal'): Promise<T> {
    // What is of high priority is begun already, and would make all who wait for it wait for them, too.
    if (this.hasTime && (priority === 'high' || !this.goesOn)) return this.atOnce(work);
    return new Promise((resolve) => {
      this.waiting[priority].push(() => resolve(attempt(work)));
      if (this.goesOn) return;
      this.goesOn = true;
      setImmediate(() => this.goOn());
    });
  }

  private get hasTime(): boolean {
    return this.begunAt === null ? this.everyMs > 0 : performance.now() - this.begunAt < this.everyMs;
  }

  private atOnce<T>(work: () => T): Promise<T> {
    if (this.begunAt === null) {
      this.begunAt = performance.now();
      setImmediate(() => (this.begunAt = null));
    }
    return attempt(work);
  }

  /** Does what waits, one piece at least. */
  private goOn(): void {
    const endAt = performance.now() + this.everyMs;
    do this.take()?.();
    while (this.anyWaits && performance.now() < endAt);
    if (this.anyWaits) setImmediate(() => this.goOn());
    else this.goesOn = false;
  }

  private get anyWaits(): boolean {
    return Object.values(this.waiting).some(({ length }) => length > 0);
  }

  private take(): (() => void) | undefined {
    const priority = this.order().find((one) => this.waiting[one].length > 0) ?? 'normal';
    this.sinceLow = priority === 'low' ? 0 : this.sinceLow + 1;
    this.last = priority;
    return this.waiting[priority].shift();
  }

  /** In which order the kinds are looked at for the next piece. */
  private order(): readonly Priority[] {
    if (this.sinceLow >= LOW_EVERY) return ['low', 'high', 'normal'];
    return this.last === 'high' ? ['normal', 'high', 'low'] : ['high', 'normal', 'low'];
  }
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
