import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

/** Keeps the process busy, as work without any waiting does. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('turns', () => {
  it('short pieces of work follow each other at once', async () => {
    const turns = new Turns(1000);
    let turned = false;
    setImmediate(() => (turned = true));
    for (let piece = 0; piece < 10; piece += 1) await turns.next();
    expect(turned).toBe(false);
  });

  it('the next piece waits for the next turn after a long one', async () => {
    const turns = new Turns(2);
    let turned = false;
    await turns.next();
    setImmediate(() => (turned = true));
    work(3);
    expect(turns.over).toBe(true);
    await turns.next();
    expect(turned).toBe(true);
    expect(turns.over).toBe(false);
  });

  it('what was done in an earlier turn does not count', async () => {
    const turns = new Turns(2);
    await turns.next();
    work(3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns.over).toBe(false);
  });

  it('everybody who waits goes on, one turn or another', async () => {
    const turns = new Turns(0);
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3].map(async (piece) => {
        await turns.next();
        order.push(piece);
      }),
    );
    expect(order).toEqual([1, 2, 3]);
  });
});
