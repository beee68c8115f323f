import { type RefusedKey } from '../../ledger/refused.js';

/** After a try that was refused again, nothing more of its key is tried for this long, ms. */
const PAUSE_MS = 1000;

/**
 * When what is refused under a routing key may be tried again: a queue that is still full is asked once a second, with
 * the delivery that has waited longest, however many wait for it.
 */
export class RefusedPace {
  private readonly notBefore = new Map<string, number>();

  /** The keys of which something may be tried now. */
  ready(keys: readonly RefusedKey[], now: number): string[] {
    return keys.filter((key) => this.dueAt(key, now) <= now).map(({ key }) => key);
  }

  /** A try under this key was refused. */
  refusedAgain(key: string, now: number): void {
    this.notBefore.set(key, now + PAUSE_MS);
  }

  /** When the first of these keys is to be tried, Unix ms; null where there are none. Forgets keys that are none of them. */
  nextAt(keys: readonly RefusedKey[], now: number): number | null {
    const known = new Set(keys.map(({ key }) => key));
    for (const key of this.notBefore.keys()) if (!known.has(key)) this.notBefore.delete(key);
    return keys.length === 0 ? null : Math.min(...keys.map((key) => this.dueAt(key, now)));
  }

  private dueAt({ key, dueAt }: RefusedKey, now: number): number {
    const pausedUntil = this.notBefore.get(key) ?? 0;
    // A pause that is longer than any was written before the clock was set back.
    return Math.max(dueAt, pausedUntil > now + PAUSE_MS ? now : pausedUntil);
  }
}
