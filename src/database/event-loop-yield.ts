/** `urgent`: others wait for what it ends. `unhurried`: it takes long, and comes after what is short. */
export type Haste = 'urgent' | 'ordinary' | 'unhurried';

/** One low-priority piece after so many others. */
const UNHURRIED_EVERY = 8;

/**
 * Cuts work that never waits for anything into turns of the event loop: between two of them the process attends to its
 * connections and timers. Without it one piece of work could follow another for as long as there is any, and Node
 * accepts no more than one new connection between two turns.
 *
 * What does not fit into the turn under way is done in the next one, in the order in which it came, by its haste: what is
 * urgent alternates with the rest, and what has time comes last, but in its turn. What callers do with the answers counts,
 * too: others wait for it no less.
 */
export class EventLoopYield {
  /** When the first piece was done at once in the turn under way; null where none was. */
  private begunAt: number | null = null;
  private readonly waiting: Readonly<Record<Haste, (() => void)[]>> = {
    urgent: [],
    ordinary: [],
    unhurried: [],
  };
  /** Pieces done since the last one that had time. */
  private sinceUnhurried = 0;
  private last: Haste = 'ordinary';
  /** Something waits for the next turn. */
  private goesOn = false;

  /** @param longestMs how long a turn lasts; what is being done then is finished first */
  constructor(private readonly longestMs: number) {}

  /** Does the work now, or in a later turn where this one is over or others wait. Rejects with what it throws. */
  run<T>(work: () => T, haste: Haste = 'ordinary'): Promise<T> {
    // What is urgent is begun already, and would make all who wait for it wait for them, too.
    if (this.hasTime && (haste === 'urgent' || !this.goesOn)) return this.atOnce(work);
    return new Promise((resolve) => {
      this.waiting[haste].push(() => resolve(attempt(work)));
      if (this.goesOn) return;
      this.goesOn = true;
      setImmediate(() => this.turn());
    });
  }

  private get hasTime(): boolean {
    return this.begunAt === null ? this.longestMs > 0 : performance.now() - this.begunAt < this.longestMs;
  }

  private atOnce<T>(work: () => T): Promise<T> {
    if (this.begunAt === null) {
      this.begunAt = performance.now();
      setImmediate(() => (this.begunAt = null));
    }
    return attempt(work);
  }

  /** Does what waits, one piece at least. */
  private turn(): void {
    const endAt = performance.now() + this.longestMs;
    do this.take()?.();
    while (this.anyWaits && performance.now() < endAt);
    if (this.anyWaits) setImmediate(() => this.turn());
    else this.goesOn = false;
  }

  private get anyWaits(): boolean {
    return Object.values(this.waiting).some(({ length }) => length > 0);
  }

  private take(): (() => void) | undefined {
    const haste = this.order().find((one) => this.waiting[one].length > 0) ?? 'ordinary';
    this.sinceUnhurried = haste === 'unhurried' ? 0 : this.sinceUnhurried + 1;
    this.last = haste;
    return this.waiting[haste].shift();
  }

  /** In which order the kinds are looked at for the next piece. */
  private order(): readonly Haste[] {
    if (this.sinceUnhurried >= UNHURRIED_EVERY) return ['unhurried', 'urgent', 'ordinary'];
    return this.last === 'urgent' ? ['ordinary', 'urgent', 'unhurried'] : ['urgent', 'ordinary', 'unhurried'];
  }
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
