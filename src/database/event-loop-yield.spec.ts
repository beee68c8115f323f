import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventLoopYield } from './event-loop-yield.js';

const TURN_MS = 500;

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

/** Resolves in the next turn of the event loop. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('turns of the event loop', () => {
  it('short pieces of work follow each other at once', async () => {
    const eventLoop = new EventLoopYield(TURN_MS);
    let turned = false;
    setImmediate(() => (turned = true));
    for (let piece = 0; piece < 10; piece += 1) expect(await eventLoop.run(() => piece)).toBe(piece);
    expect(turned).toBe(false);
  });

  it('the next piece waits for the next turn after a long one', async () => {
    const eventLoop = new EventLoopYield(TURN_MS);
    let turned = false;
    await eventLoop.run(() => work(TURN_MS + 1));
    setImmediate(() => (turned = true));
    expect(await eventLoop.run(() => turned)).toBe(true);
  });

  it('what was done in an earlier turn does not count', async () => {
    const eventLoop = new EventLoopYield(TURN_MS);
    await eventLoop.run(() => work(TURN_MS + 1));
    await nextTurn();
    let turned = false;
    setImmediate(() => (turned = true));
    expect(await eventLoop.run(() => turned)).toBe(false);
  });

  it('what waits is done in its order, one turn or another, and before what comes later', async () => {
    const eventLoop = new EventLoopYield(0);
    const order: number[] = [];
    const pieces = [1, 2, 3, 4].map((piece) => eventLoop.run(() => order.push(piece)));
    await pieces[1];
    pieces.push(eventLoop.run(() => order.push(5)));
    await Promise.all(pieces);
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it('what is urgent alternates with the rest', async () => {
    const eventLoop = new EventLoopYield(TURN_MS);
    await eventLoop.run(() => work(TURN_MS + 1));
    const order: string[] = [];
    const pieces = ['a', 'b', 'c', 'd'].map((name) => eventLoop.run(() => order.push(name)));
    for (const name of '123') pieces.push(eventLoop.run(() => order.push(name), 'urgent'));
    await Promise.all(pieces);
    expect(order.join('')).toBe('1a2b3cd');
  });

  it('what callers do with the answers counts, too', async () => {
    const eventLoop = new EventLoopYield(TURN_MS);
    let turned = false;
    setImmediate(() => (turned = true));
    await eventLoop.run(() => 0);
    work(TURN_MS / 2);
    expect(await eventLoop.run(() => turned)).toBe(false);
    work(TURN_MS / 2 + 1);
    expect(await eventLoop.run(() => turned)).toBe(true);
  });

  it('what has time comes after the rest, but in its turn', async () => {
    const eventLoop = new EventLoopYield(TURN_MS);
    await eventLoop.run(() => work(TURN_MS + 1));
    const order: string[] = [];
    const pieces = ['A', 'B'].map((name) => eventLoop.run(() => order.push(name), 'unhurried'));
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
