import { setMaxListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RateBudget, type Sleep } from './rate-budget.js';

/** A clock that the test moves, and the timers set on it. */
class VirtualTime {
  at = 0;
  private timers: { at: number; wake: () => void }[] = [];

  now = (): number => this.at;
  sleep: Sleep = (ms, wake) => {
    const timer = { at: this.at + ms, wake };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };

  /** Moves on to `end`, ending every timer on the way. */
  async runTo(end: number): Promise<void> {
    await settled();
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.at = Math.max(this.at, next.at);
      next.wake();
      await settled();
    }
    this.at = Math.max(this.at, end);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function budgetAt(time: VirtualTime, perSecond = 2, burst = 50): RateBudget {
  return new RateBudget({ perSecond, burst, now: time.now, wallClock: time.now, sleep: time.sleep });
}

/** Asks for `count` requests and records when each is let through. */
function ask(budget: RateBudget, time: VirtualTime, count: number, granted: number[] = []): number[] {
  for (let i = 0; i < count; i++) void budget.acquire().then(() => granted.push(time.at));
  return granted;
}

/** The bucket as the portal keeps it: one more a request, refused above `burst`. */
function highestLevel(arrivals: readonly number[], perSecond: number, startLevel: number): number {
  let level = startLevel;
  let at = 0;
  let highest = 0;
  for (const arrival of [...arrivals].sort((a, b) => a - b)) {
    level = Math.max(0, level - ((arrival - at) * perSecond) / 1000) + 1;
    at = arrival;
    highest = Math.max(highest, level);
  }
  return highest;
}

describe('RateBudget', () => {
  it("never overflows the portal's bucket, whatever the load and the jitter of the network", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom([2, 50], [5, 250], [2, 5], [0.5, 20], [20, 100]),
        fc.array(
          fc.record({ after: fc.nat(90_000), share: fc.double({ min: 0.02, max: 1.5, noNaN: true }) }),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.nat(1000),
        async ([perSecond, burst], load, jitter, phase) => {
          const time = new VirtualTime();
          const budget = budgetAt(time, perSecond, burst);
          const granted: number[] = [];
          let asked = 0;
          for (const { after, share } of load) {
            await time.runTo(time.at + after);
            asked += Math.ceil(share * burst);
            ask(budget, time, Math.ceil(share * burst), granted);
          }
          await time.runTo(time.at + 4_000_000);
          expect(granted).toHaveLength(asked);

          // A fresh process allows itself ten requests, on a bucket that is as full as that permits.
          const margin = Math.min(Math.max(2, perSecond), burst / 2);
          const startLevel = Math.max(0, burst - margin - 10);
          const delayMs = (margin / perSecond) * 1000;
          const scattered = granted.map((at) => at + (jitter.next().value ?? 0) * delayMs);
          // The worst that a network can do: hold everything back, then let it go at once.
          const bunched = granted.map((at) => Math.ceil((at + phase) / delayMs) * delayMs);
          for (const arrivals of [granted, scattered, bunched]) {
            expect(highestLevel(arrivals, perSecond, startLevel)).toBeLessThanOrEqual(burst + 1e-6);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('uses the whole sustained rate', async () => {
    const time = new VirtualTime();
    const granted = ask(budgetAt(time), time, 500);
    await time.runTo(10_000_000);
    expect(granted).toHaveLength(500);
    // Ten at once, the others at two a second; waits are rounded up to whole milliseconds.
    expect(granted[499]).toBeGreaterThanOrEqual((490 / 2) * 1000);
    expect(granted[499]).toBeLessThan((490 / 2) * 1000 + 500);
  });

  it('starts with ten requests, and has its whole burst after a rest', async () => {
    const time = new VirtualTime();
    const budget = budgetAt(time);
    const first = ask(budget, time, 60);
    await settled();
    expect(first).toHaveLength(10);
    await time.runTo(60_000);
    expect(first).toHaveLength(60);

    await time.runTo(200_000);
    const second = ask(budget, time, 60);
    await settled();
    expect(second).toHaveLength(48);
  });

  it('lets a request through at once where it has room and nobody waits, and counts it', async () => {
    const time = new VirtualTime();
    const budget = budgetAt(time);
    for (let i = 0; i < 9; i++) expect(budget.tryAcquire()).toBe(true);
    const waiting = ask(budget, time, 2);
    await settled();
    expect(waiting).toHaveLength(1);
    // Room for half a request, and somebody before it.
    time.at += 250;
    expect(budget.tryAcquire()).toBe(false);
    // Room, but for whoever waits.
    time.at += 250;
    expect(budget.tryAcquire()).toBe(false);
    await time.runTo(600);
    expect(waiting).toHaveLength(2);
    expect(budget.tryAcquire()).toBe(false);
    await time.runTo(1200);
    expect(budget.tryAcquire()).toBe(true);
    budget.blockUntil(time.at + 5000);
    await time.runTo(3000);
    expect(budget.tryAcquire()).toBe(false);
  });

  it('serves in order, and an abort takes only its own place', async () => {
    const time = new VirtualTime();
    const budget = budgetAt(time);
    const order: number[] = [];
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const failures: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      const signal = i % 2 === 1 ? abort.signal : undefined;
      void budget.acquire(signal).then(
        () => order.push(i),
        (error: unknown) => failures.push(error),
      );
    }
    await settled();
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    abort.abort(new Error('stopping'));
    await time.runTo(60_000);
    expect(order.slice(10)).toEqual([10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38]);
    expect(failures).toHaveLength(15);
    expect(failures[0]).toEqual(new Error('stopping'));
    // What was given up was not counted: 25 requests in all took (25 - 10) / 2 seconds.
    expect(budget.report()).toMatchObject({ sent: 25, waiting: 0 });
    expect(budget.tryAcquire()).toBe(true);
    await expect(budget.acquire(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });

  it('pauses ever longer while the portal refuses, with jitter, and starts again after a success', async () => {
    const time = new VirtualTime();
    const budget = new RateBudget({
      perSecond: 2,
      burst: 50,
      now: time.now,
      wallClock: time.now,
      sleep: time.sleep,
      random: () => 1,
    });
    /** How long a request waits that is asked for now; it is let through. */
    const waitOf = async (asked: RateBudget): Promise<number> => {
      const from = time.at;
      const granted = ask(asked, time, 1);
      for (let ms = 100; granted.length === 0; ms += 100) await time.runTo(from + ms);
      return (granted[0] ?? 0) - from;
    };
    // A full bucket has to leak three requests, 1.5 s, on top of each pause.
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      budget.throttled();
      budget.throttled();
      waits.push(await waitOf(budget));
    }
    expect(waits.map((wait) => wait - 1500)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000));
    budget.succeeded();
    budget.throttled();
    expect(await waitOf(budget)).toBe(2500);

    const early = new RateBudget({
      perSecond: 2,
      burst: 50,
      now: time.now,
      wallClock: time.now,
      sleep: time.sleep,
      random: () => 0,
    });
    early.throttled();
    expect(await waitOf(early)).toBe(2000);
  });

  it('blocks until a point in time, in order, and never for more than ten minutes', async () => {
    const time = new VirtualTime();
    const budget = budgetAt(time);
    budget.blockUntil(30_000);
    budget.blockUntil(20_000);
    budget.blockUntil(Number.NaN);
    const granted = ask(budget, time, 2);
    await time.runTo(29_999);
    expect(granted).toEqual([]);
    await time.runTo(30_000);
    expect(granted).toEqual([30_000, 30_000]);

    budget.blockUntil(time.at + 86_400_000);
    const longest = time.at + 600_000;
    const late = ask(budget, time, 1);
    await time.runTo(longest - 1);
    expect(late).toEqual([]);
    await time.runTo(longest);
    expect(late).toEqual([longest]);
  });

  it('survives a clock that is set back', async () => {
    const time = new VirtualTime();
    let jump = 0;
    const budget = new RateBudget({
      perSecond: 2,
      burst: 50,
      now: () => time.at + jump,
      wallClock: time.now,
      sleep: time.sleep,
    });
    const granted = ask(budget, time, 14);
    await settled();
    jump = -3_600_000;
    await time.runTo(10_000);
    expect(granted).toHaveLength(14);
    expect(budget.tryAcquire()).toBe(true);
  });

  describe('requests that give way', () => {
    /** Asks for `count` of them and records when each is let through. */
    function askBeside(budget: RateBudget, time: VirtualTime, count: number): number[] {
      const granted: number[] = [];
      for (let i = 0; i < count; i++) void budget.acquireBeside().then(() => granted.push(time.at));
      return granted;
    }

    it('leave room for four others, which find it at once', async () => {
      const time = new VirtualTime();
      const budget = budgetAt(time);
      const beside = askBeside(budget, time, 100);
      await settled();
      // Of the ten that a start has.
      expect(beside).toHaveLength(6);
      await time.runTo(10_000);
      expect(beside).toHaveLength(26);
      for (let i = 0; i < 4; i++) expect(budget.tryAcquire()).toBe(true);
      // Now these four have to leak first.
      await time.runTo(12_400);
      expect(beside).toHaveLength(26);
      await time.runTo(12_500);
      expect(beside).toHaveLength(27);
    });

    it('come after all that wait, but once for ten of them', async () => {
      const time = new VirtualTime();
      const budget = budgetAt(time);
      const rounds = ask(budget, time, 10_000);
      await settled();
      const beside = askBeside(budget, time, 10);
      await time.runTo(100_000);
      // Two hundred in a hundred seconds, one for ten others.
      expect(beside).toHaveLength(10);
      expect(rounds.length + beside.length).toBe(210);
      expect(beside[0]).toBeGreaterThan(4000);
    });

    it('are one for ten others also of requests that never wait', async () => {
      const time = new VirtualTime();
      const budget = budgetAt(time);
      const beside = askBeside(budget, time, 1000);
      let rounds = 0;
      for (let at = 0; at < 200_000; at += 100) {
        await time.runTo(at);
        while (budget.tryAcquire()) rounds += 1;
      }
      expect(beside.length / (rounds + beside.length)).toBeGreaterThan(0.09);
      expect(beside.length / (rounds + beside.length)).toBeLessThan(0.12);
      expect(rounds + beside.length).toBeGreaterThan(400);
    });

    it('wait in a small budget as well, and not for ever', async () => {
      const time = new VirtualTime();
      const budget = budgetAt(time, 2, 5);
      const beside = askBeside(budget, time, 5);
      await time.runTo(20_000);
      expect(beside).toHaveLength(5);
    });

    it('are called off alone', async () => {
      const time = new VirtualTime();
      const budget = budgetAt(time);
      budget.blockUntil(1000);
      const abort = new AbortController();
      const failure = budget.acquireBeside(abort.signal).catch((error: unknown) => error);
      const beside = askBeside(budget, time, 1);
      const rounds = ask(budget, time, 1);
      abort.abort(new Error('stopping'));
      expect(await failure).toEqual(new Error('stopping'));
      expect(budget.report().waiting).toBe(2);
      await time.runTo(1000);
      expect([beside, rounds]).toEqual([[1000], [1000]]);
      await expect(budget.acquireBeside(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    });
  });

  it('runs on real timers too', async () => {
    const budget = new RateBudget({ perSecond: 200, burst: 20 });
    // Its timers do not keep a process alive, so something else has to here.
    const alive = setInterval(() => undefined, 1000);
    try {
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: 30 }, () => budget.acquire()));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
    } finally {
      clearInterval(alive);
    }
  });
});
