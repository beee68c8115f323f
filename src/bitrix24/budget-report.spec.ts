import { expect, it } from '@jest/globals';
import { RateBudget } from './rate-budget.js';

it('a budget tells what is used of it, what waits, and what the portal has refused', async () => {
  let now = 1_000_000;
  const budget = new RateBudget({
    perSecond: 2,
    burst: 50,
    now: () => now,
    wallClock: () => now,
    sleep: () => () => undefined,
    random: () => 1,
  });
  expect(budget.report()).toEqual({
    used: 38,
    capacity: 48,
    perSecond: 2,
    waiting: 0,
    pausedUntil: null,
    sent: 0,
    refused: 0,
    lastRefusedAt: null,
  });
  for (let request = 0; request < 10; request += 1) expect(budget.tryAcquire()).toBe(true);
  const waiting = budget.acquire();
  expect(budget.report()).toMatchObject({ used: 48, sent: 10, waiting: 1 });
  now += 3000;
  expect(budget.report()).toMatchObject({ used: 42 });
  budget.throttled();
  expect(budget.report()).toMatchObject({
    used: 50,
    refused: 1,
    lastRefusedAt: now,
    pausedUntil: now + 1000,
  });
  now += 60_000;
  expect(budget.tryAcquire()).toBe(false);
  budget.blockUntil(now + 5000);
  expect(budget.report()).toMatchObject({ refused: 2, pausedUntil: now + 5000 });
  now += 6000;
  budget.blockUntil(now - 1);
  expect(budget.report()).toMatchObject({ refused: 2, pausedUntil: null, waiting: 1 });
  void waiting;
  await Promise.resolve();
});
