/**
 * A number of slots that all portals share, given away in the order in which they were asked for. Whoever has
 * much to publish asks for one page at a time and so stands behind everybody else who waits.
 */
export class PageSlots {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Resolves when there is a slot; the caller gives it back with {@link release}. */
  take(): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  release(): void {
    const next = this.waiting.shift();
    // Handed on, not put back: nobody can come between.
    if (next === undefined) this.free += 1;
    else next();
  }
}
