import { describe, expect, it } from '@jest/globals';
import { EventLoopYield } from './event-loop-yield.js';

/** Keeps the process busy, as work without any waiting does. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('turns of the event loop', () => {
  it('short pieces of work follow each other at once', async () => {
    const eventLoop = new EventLoopYield(1000);
    let turned = false;
    setImmediate(() => (turned = true));
    for (let piece = 0; piece < 10; piece += 1) await eventLoop.next();
    expect(turned).toBe(false);
  });

  it('the next piece waits for the next turn after a long one', async () => {
    // Longer than any machine takes from one of these lines to the next.
    const eventLoop = new EventLoopYield(500);
    let turned = false;
    await eventLoop.next();
    setImmediate(() => (turned = true));
    work(501);
    expect(eventLoop.over).toBe(true);
    await eventLoop.next();
    expect(turned).toBe(true);
    expect(eventLoop.over).toBe(false);
  });

  it('what was done in an earlier turn does not count', async () => {
    const eventLoop = new EventLoopYield(500);
    await eventLoop.next();
    work(501);
    await new Promise((resolve) => setImmediate(resolve));
    expect(eventLoop.over).toBe(false);
  });

  it('everybody who waits goes on, one turn or another', async () => {
    const eventLoop = new EventLoopYield(0);
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3].map(async (piece) => {
        await eventLoop.next();
        order.push(piece);
      }),
    );
    expect(order).toEqual([1, 2, 3]);
  });
});
