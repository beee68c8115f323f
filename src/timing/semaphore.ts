/**
 * A counting semaphore, first come, first served. Where portals share one, a portal with much to do asks for one permit
 * at a time, and so stands behind all others that wait.
 */
export class Semaphore {
  private readonly queue: (() => void)[] = [];

  constructor(private free: number) {}

  /**
   * Waits for a permit, which the caller gives back with {@link release}. Resolves with false, and without one, when
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
    // Handed on, not put back: no other can come between.
    if (next === undefined) this.free += 1;
    else next();
  }
}
