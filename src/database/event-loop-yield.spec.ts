import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventLoopYield } from './event-loop-yield.js';

const YIELD_EVERY_MS = 500;

/** Time goes on where a test says so, and nowhere else. */
let now = 0;
beforeEach(() => {
  jest.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** Keeps the process busy, as work without any waiting does. */
function work(ms: number): void {
  now += ms;
}

/** Resolves in the next iteration of the event loop. */
const nextIteration = () => new Promise((resolve) => setImmediate(resolve));

describe('yields to the event loop', () => {
  it('short pieces of work follow each other at once', async () => {
    const eventLoop = new EventLoopYield(YIELD_EVERY_MS);
    let yielded = false;
    setImmediate(() => (yielded = true));
    for (let piece = 0; piece < 10; piece += 1) expect(await eventLoop.run(() => piece)).toBe(piece);
    expect(yielded).toBe(false);
  });

  it('the next piece waits for a yield after a long one', async () => {
    const eventLoop = new EventLoopYield(YIELD_EVERY_MS);
    let yielded = false;
    await eventLoop.run(() => work(YIELD_EVERY_MS + 1));
    setImmediate(() => (yielded = true));
    expect(await eventLoop.run(() => yielded)).toBe(true);
  });

  it('what was done before the last yield does not count', async () => {
    const eventLoop = new EventLoopYield(YIELD_EVERY_MS);
    await eventLoop.run(() => work(YIELD_EVERY_MS + 1));
    await nextIteration();
    let yielded = false;
    setImmediate(() => (yielded = true));
    expect(await eventLoop.run(() => yielded)).toBe(false);
  });

  it('what waits is done in its order, after one yield or another, and before what comes later', async () => {
    const eventLoop = new EventLoopYield(0);
    const order: number[] = [];
    const pieces = [1, 2, 3, 4].map((piece) => eventLoop.run(() => order.push(piece)));
    await pieces[1];
    pieces.push(eventLoop.run(() => order.push(5)));
    await Promise.all(pieces);
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it('what is of high priority alternates with the rest', async () => {
    const eventLoop = new EventLoopYield(YIELD_EVERY_MS);
    await eventLoop.run(() => work(YIELD_EVERY_MS + 1));
    const order: string[] = [];
    const pieces = ['a', 'b', 'c', 'd'].map((name) => eventLoop.run(() => order.push(name)));
    for (const name of '123') pieces.push(eventLoop.run(() => order.push(name), 'high'));
    await Promise.all(pieces);
    expect(order.join('')).toBe('1a2b3cd');
  });

  it('what callers do with the answers counts, too', async () => {
    const eventLoop = new EventLoopYield(YIELD_EVERY_MS);
    let yielded = false;
    setImmediate(() => (yielded = true));
    await eventLoop.run(() => 0);
    work(YIELD_EVERY_MS / 2);
    expect(await eventLoop.run(() => yielded)).toBe(false);
    work(YIELD_EVERY_MS / 2 + 1);
    expect(await eventLoop.run(() => yielded)).toBe(true);
  });

  it('what is of low priority comes after the rest, but in its turn', async () => {
    const eventLoop = new EventLoopYield(YIELD_EVERY_MS);
    await eventLoop.run(() => work(YIELD_EVERY_MS + 1));
    const order: string[] = [];
    const pieces = ['A', 'B'].map((name) => eventLoop.run(() => order.push(name), 'low'));
    for (const name of '123456789') pieces.push(eventLoop.run(() => order.push(name)));
    await Promise.all(pieces);
    expect(order.join('')).toBe('12345678A9B');
  });

  it('rejects with what the work throws, now or later, and goes on', async () => {
    const eventLoop = new EventLoopYield(0);
    const fails = () => {
      throw new RangeError('too far');
    };
    await expect(eventLoop.run(fails)).rejects.toThrow(RangeError);
    const results = await Promise.allSettled([
      eventLoop.run(fails),
      eventLoop.run(fails),
      eventLoop.run(() => 1),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });
});
