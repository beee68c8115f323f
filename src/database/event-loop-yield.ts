/** `urgent`: others wait for what it ends. `unhurried`: it takes long, and comes after what is short. */
export type Haste = 'urgent' | 'ordinary' | 'unhurried';

/** Every so many pieces comes one that has time. */
const UNHURRIED_EVERY = 8;

/**
 * Cuts work that never waits for anything into turns of the event loop: between two of them the process attends to its
 * connections and timers. Without it one piece of work could follow another for as long as there is any, and Node
 * accepts no more than one new connection between two turns.
 *
 * What has to wait for a turn is done in the order in which it came, by its haste: what is urgent alternates with the
 * rest, and what has time comes last, but in its turn.
 */
export class EventLoopYield {
  /** When the turn under way began; null where nothing has been done in it. */
  private begunAt: number | null = null;
  private readonly waiting: Readonly<Record<Haste, (() => void)[]>> = {
    urgent: [],
    ordinary: [],
    unhurried: [],
  };
  /** Pieces done since the last one that had time. */
  private sinceUnhurried = 0;
  private last: Haste = 'ordinary';
  private goesOn = false;

  /** @param longestMs a turn is over after so long; what is being done then is finished first */
  constructor(private readonly longestMs: number) {}

  /** Does the work now, or in a later turn where this one is over or others wait. Rejects with what it throws. */
  run<T>(work: () => T, haste: Haste = 'ordinary'): Promise<T> {
    if (!this.goesOn && !this.over) {
      this.begin();
      return attempt(work);
    }
    return new Promise((resolve) => {
      this.waiting[haste].push(() => resolve(attempt(work)));
      this.goOn();
    });
  }

  /** Whether the turn under way has lasted long enough. */
  private get over(): boolean {
    return this.begunAt !== null && performance.now() - this.begunAt >= this.longestMs;
  }

  private begin(): void {
    if (this.begunAt !== null) return;
    this.begunAt = performance.now();
    setImmediate(() => (this.begunAt = null));
  }

  private goOn(): void {
    if (this.goesOn) return;
    this.goesOn = true;
    setImmediate(() => this.next());
  }

  /** Does what waits, until the turn is over. */
  private next(): void {
    this.begin();
    const piece = this.take();
    if (piece === undefined) {
      this.goesOn = false;
      return;
    }
    piece();
    if (this.over) setImmediate(() => this.next());
    // When whoever waited for it has gone on, as far as that goes without waiting: a transaction has its next statement by
    // then. Ticks come when there are no more microtasks, but for those that a tick itself asks for.
    else queueMicrotask(() => process.nextTick(() => this.next()));
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
