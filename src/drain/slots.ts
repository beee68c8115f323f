/**
 * A number of slots that all portals share, given away in the order in which they were asked for. Whoever has
 * much to do asks for one slot at a time and so stands behind everybody else who waits.
 */
export class Slots {
  private readonly queue: (() => void)[] = [];

  constructor(private free: number) {}

  /** Who waits for a slot. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Waits for a slot, which the caller gives back with {@link release}. Resolves with false, and without one, when
   * `signal` aborts first.
   */
  take(signal?: AbortSignal): Promise<boolean> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve(true);
    }
    if (signal?.aborted === true) return Promise.resolve(false);
    return new Promise((resolve) => {
      const given = () => {
        signal?.removeEventListener('abort', gone);
        resolve(true);
      };
      const gone = () => {
        this.queue.splice(this.queue.indexOf(given), 1);
        resolve(false);
      };
      this.queue.push(given);
      signal?.addEventListener('abort', gone, { once: true });
    });
  }

  release(): void {
    const next = this.queue.shift();
    // Handed on, not put back: nobody can come between.
    if (next === undefined) this.free += 1;
    else next();
  }
}
