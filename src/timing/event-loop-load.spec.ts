import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { EventLoopLoad } from './event-loop-load.js';

async function work(forMs: number): Promise<void> {
  const endAt = performance.now() + forMs;
  while (performance.now() < endAt) {
    const untilAt = performance.now() + 20;
    while (performance.now() < untilAt);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('tells a process that works from one that waits, by what it did in the last seconds', async () => {
  const load = new EventLoopLoad();
  await pause(2050);
  expect(load.busy).toBe(false);
  await work(300);
  // A short stretch of work, as when many portals are asked at once.
  expect(load.busy).toBe(false);
  await work(1800);
  expect(load.busy).toBe(true);
  await pause(2050);
  expect(load.busy).toBe(false);
}, 20_000);
