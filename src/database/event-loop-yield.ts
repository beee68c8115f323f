/**
 * Cuts work that never waits for anything into turns of the event loop: between two of them the process attends to its
 * connections and timers. Without it one piece of work could follow another for as long as there is any, and Node
 * accepts no more than one new connection between two turns.
 *
 * What has to wait for a turn is done in the order in which it came, but for what is urgent: that alternates with the
 * rest, one piece of either.
 */
export class EventLoopYield {
  /** When the turn under way began; null where nothing has been done in it. */
  private begunAt: number | null = null;
  private readonly urgent: (() => void)[] = [];
  private readonly ordinary: (() => void)[] = [];
  private urgentWasLast = false;
  private goesOn = false;

  /** @param longestMs a turn is over after so long; what is being done then is finished first */
  constructor(private readonly longestMs: number) {}

  /** Does the work now, or in a later turn where this one is over or others wait. Rejects with what it throws. */
  run<T>(work: () => T, { urgent = false } = {}): Promise<T> {
    if (!this.goesOn && !this.over) {
      this.begin();
      return attempt(work);
    }
    return new Promise((resolve) => {
      (urgent ? this.urgent : this.ordinary).push(() => resolve(attempt(work)));
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
    const [first, second] = this.urgentWasLast ? [this.ordinary, this.urgent] : [this.urgent, this.ordinary];
    const from = first.length > 0 ? first : second;
    this.urgentWasLast = from === this.urgent;
    return from.shift();
  }
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
