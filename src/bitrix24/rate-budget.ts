import { performance } from 'node:perf_hooks';

/** Calls `wake` after `ms`; the returned function calls that off. */
export type Sleep = (ms: number, wake: () => void) => () => void;

interface RateBudgetOptions {
  /** Requests a second that the portal's bucket leaks. */
  perSecond: number;
  /** Level above which the portal refuses. */
  burst: number;
  /** Milliseconds that only ever grow, from any origin. The default does not follow the system's clock. */
  now?: () => number;
  /** Unix milliseconds, to talk with callers about points in time. */
  wallClock?: () => number;
  sleep?: Sleep;
  /** From 0 to 1: jitter of the pauses. */
  random?: () => number;
}

/** A portal's request budget at one moment. */
export interface BudgetReport {
  /** Requests that the budget counts at present; it falls by `perSecond` a second. */
  readonly used: number;
  /** Requests above which the next one waits. */
  readonly capacity: number;
  readonly perSecond: number;
  /** Requests that wait for their turn. */
  readonly waiting: number;
  /** Nothing is sent before then, Unix ms: the portal refused a request, or blocked the method; null where it did not. */
  readonly pausedUntil: number | null;
  /** Requests let through since this process began to call the portal. */
  readonly sent: number;
  /** Times that the portal refused for too many requests, or for a method without time, since then. */
  readonly refused: number;
  /** Unix ms; null where there was none. */
  readonly lastRefusedAt: number | null;
}

/** Requests let through at once by a process that has just started. */
const INITIAL_REQUESTS = 10;
const MIN_MARGIN = 2;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** A method's execution time is counted over ten one-minute buckets: no block can last longer. */
const LONGEST_BLOCK_MS = 600_000;
/** Levels are sums of fractions: a request is not kept back over a rounding error. */
const ROUNDING = 1e-9;
/** Room that requests beside rounds leave free, so that a round finds some whenever it comes. */
const RESERVE = 4;
/** However busy rounds are, so many of them pass for one request beside them that waits. */
const ROUNDS_PER_BESIDE = 10;

interface Waiter {
  go: () => void;
}

const systemSleep: Sleep = (ms, wake) => {
  const timer = setTimeout(wake, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/**
 * The request budget of one portal: a leaky bucket that stays below the portal's own. Each request adds 1, the
 * level falls by `perSecond` a second, and nothing passes above `burst` less a margin. The margin makes up for
 * requests that leave at their proper times and arrive closer together: it is one second's worth of leaking,
 * hence it covers delays that differ by up to a second.
 *
 * A new budget starts nearly full, because a restarted process cannot know the level that it left behind.
 */
export class RateBudget {
  private readonly leakPerMs: number;
  private readonly burst: number;
  private readonly capacity: number;
  private readonly clock: () => number;
  private readonly wallClock: () => number;
  private readonly sleep: Sleep;
  private readonly random: () => number;

  private level: number;
  /** When `level` was last brought up to date; the level does not fall before. */
  private levelAt: number;
  private blockedUntil = -Infinity;
  private pauses = 0;
  private pausedUntil = -Infinity;
  private lastTime = -Infinity;
  private timeSkew = 0;
  private readonly waiters: Waiter[] = [];
  /** Those that give way to the others. */
  private readonly beside: Waiter[] = [];
  private readonly reserve: number;
  /** Requests that have passed one that gives way, since the last of these. */
  private passedBeside = 0;
  private cancelSleep: (() => void) | null = null;
  private sent = 0;
  private refused = 0;
  private lastRefusedAt: number | null = null;

  constructor(options: RateBudgetOptions) {
    this.leakPerMs = options.perSecond / 1000;
    this.burst = options.burst;
    const margin = Math.min(Math.max(MIN_MARGIN, options.perSecond), options.burst / 2);
    this.capacity = Math.max(1, options.burst - margin);
    this.reserve = Math.min(RESERVE, Math.floor(this.capacity / 2));
    this.clock = options.now ?? (() => performance.now());
    this.wallClock = options.wallClock ?? (() => Date.now());
    this.sleep = options.sleep ?? systemSleep;
    this.random = options.random ?? Math.random;
    this.level = Math.max(0, this.capacity - INITIAL_REQUESTS);
    this.levelAt = this.time();
  }

  /** Counts one request and returns true where it may be sent at once and no other waits before it. */
  tryAcquire(): boolean {
    if (this.waiters.length > 0 || this.besideIsDue() || this.waitFor(1) > 0) return false;
    this.countRound();
    if (this.besideIsDue()) this.letThrough();
    return true;
  }

  /**
   * Resolves when one request may be sent, and counts it. Strictly in the order of the calls.
   * @throws the signal's reason when it aborts first; nothing is counted then
   */
  acquire(signal?: AbortSignal): Promise<void> {
    return this.wait(this.waiters, signal);
  }

  /**
   * The same for a request that gives way: it passes while nothing else waits and enough room stays free for what comes
   * next, or, where others use up all room, once for every ten of them.
   */
  acquireBeside(signal?: AbortSignal): Promise<void> {
    return this.wait(this.beside, signal);
  }

  private wait(line: Waiter[], signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortReason(signal));
        return;
      }
      const onAbort = (): void => {
        line.splice(line.indexOf(waiter), 1);
        if (signal !== undefined) reject(abortReason(signal));
        this.letThrough();
      };
      const waiter: Waiter = {
        go: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      line.push(waiter);
      this.letThrough();
    });
  }

  /**
   * The portal said QUERY_LIMIT_EXCEEDED: another client at our address uses its bucket, too, so ours counts as
   * full and everything pauses: 1 s, doubling up to 60 s while it goes on, with jitter.
   */
  throttled(): void {
    const now = this.time();
    // Requests that were under way together are refused together: that is one refusal.
    if (now < this.pausedUntil) return;
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.pauses, 20));
    this.pauses += 1;
    this.countRefusal();
    this.pausedUntil = now + longest * (0.5 + this.random() / 2);
    this.blockedUntil = Math.max(this.blockedUntil, this.pausedUntil);
    this.level = this.burst;
    // It stays full until the pause ends: the other caller may be filling it still.
    this.levelAt = this.pausedUntil;
    this.letThrough();
  }

  /** A request got through: the next refusal starts again with a short pause. */
  succeeded(): void {
    this.pauses = 0;
  }

  /** Lets nothing through before `at`, Unix milliseconds; ten minutes at most. */
  blockUntil(at: number): void {
    const wait = Math.min(at - this.wallClock(), LONGEST_BLOCK_MS);
    if (!(wait > 0)) return;
    this.countRefusal();
    this.blockedUntil = Math.max(this.blockedUntil, this.time() + wait);
    this.letThrough();
  }

  report(): BudgetReport {
    // Brings the level up to date.
    this.waitFor(1);
    const paused = this.blockedUntil - this.time();
    return {
      used: this.level,
      capacity: this.capacity,
      perSecond: this.leakPerMs * 1000,
      waiting: this.waiters.length + this.beside.length,
      pausedUntil: paused > 0 ? this.wallClock() + paused : null,
      sent: this.sent,
      refused: this.refused,
      lastRefusedAt: this.lastRefusedAt,
    };
  }

  private countOne(): void {
    this.level += 1;
    this.sent += 1;
  }

  private countRefusal(): void {
    this.refused += 1;
    this.lastRefusedAt = this.wallClock();
  }

  private countRound(): void {
    this.countOne();
    if (this.beside.length > 0) this.passedBeside += 1;
  }

  /** One that gives way has let enough others pass. */
  private besideIsDue(): boolean {
    return this.beside.length > 0 && this.passedBeside >= ROUNDS_PER_BESIDE;
  }

  /** Room that the next in line needs. */
  private nextNeeds(): number {
    return this.waiters.length > 0 || this.besideIsDue() ? 1 : 1 + this.reserve;
  }

  private letThrough(): void {
    while (this.waiters.length + this.beside.length > 0 && this.waitFor(this.nextNeeds()) <= 0) {
      if (this.waiters.length > 0 && !this.besideIsDue()) {
        this.countRound();
        this.waiters.shift()?.go();
      } else {
        this.countOne();
        this.passedBeside = 0;
        this.beside.shift()?.go();
      }
    }
    this.cancelSleep?.();
    this.cancelSleep = null;
    if (this.waiters.length + this.beside.length === 0) return;
    this.cancelSleep = this.sleep(Math.max(1, Math.ceil(this.waitFor(this.nextNeeds()))), () => {
      this.cancelSleep = null;
      this.letThrough();
    });
  }

  /** Milliseconds until that many more requests have room. */
  private waitFor(requests: number): number {
    const now = this.time();
    if (now > this.levelAt) {
      this.level = Math.max(0, this.level - (now - this.levelAt) * this.leakPerMs);
      this.levelAt = now;
    }
    const surplus = this.level + requests - this.capacity;
    const room = surplus <= ROUNDING ? 0 : this.levelAt - now + surplus / this.leakPerMs;
    return Math.max(0, room, this.blockedUntil - now);
  }

  /** A clock that was set back stands still until now, instead of stopping everything for that long. */
  private time(): number {
    const reading = this.clock() + this.timeSkew;
    if (reading < this.lastTime) {
      this.timeSkew += this.lastTime - reading;
      return this.lastTime;
    }
    this.lastTime = reading;
    return reading;
  }
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('Aborted', { cause: signal.reason });
}
