/**
 * Cuts work that never waits for anything into turns of the event loop: between two of them the process attends to its
 * connections and timers. Without it one piece of work could follow another for as long as there is any, and Node
 * accepts no more than one new connection between two turns.
 */
export class EventLoopYield {
  /** When the turn under way began; null where nothing has been done in it. */
  private begunAt: number | null = null;

  /** @param longestMs a turn is over after so long; what is being done then is finished first */
  constructor(private readonly longestMs: number) {}

  /** Whether the turn under way has lasted long enough. */
  get over(): boolean {
    return this.begunAt !== null && performance.now() - this.begunAt >= this.longestMs;
  }

  /** Before a piece of work: waits for the next turn where this one is over. */
  async next(): Promise<void> {
    if (this.over) await new Promise((resolve) => setImmediate(resolve));
    if (this.begunAt !== null) return;
    this.begunAt = performance.now();
    setImmediate(() => (this.begunAt = null));
  }
}
