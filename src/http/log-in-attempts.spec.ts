import { beforeEach, describe, expect, it } from '@jest/globals';
import { ATTEMPTS_PERIOD_MS, LogInAttempts } from './log-in-attempts.js';

describe('attempts to log in', () => {
  let now: number;
  let attempts: LogInAttempts;
  const take = (...accounts: [string, number][]) =>
    attempts.take(accounts.map(([key, limit]) => ({ key, limit })));

  beforeEach(() => {
    now = 1000;
    attempts = new LogInAttempts(() => now);
  });

  it('are so many in any five minutes', () => {
    for (let count = 0; count < 3; count += 1) {
      expect(take(['a', 3]).allowed).toBe(true);
      now += 60_000;
    }
    expect(take(['a', 3])).toEqual({ allowed: false, waitMs: ATTEMPTS_PERIOD_MS - 180_000 });
    expect(take(['b', 3]).allowed).toBe(true);
    // Going on does not make it longer.
    now += ATTEMPTS_PERIOD_MS - 180_000 - 1;
    expect(take(['a', 3])).toEqual({ allowed: false, waitMs: 1 });
    now += 1;
    expect(take(['a', 3]).allowed).toBe(true);
    expect(take(['a', 3]).allowed).toBe(false);
  });

  it('count on every account or on none', () => {
    take(['full', 1]);
    for (let count = 0; count < 5; count += 1) expect(take(['a', 2], ['full', 1]).allowed).toBe(false);
    expect([take(['a', 2]).allowed, take(['a', 2]).allowed, take(['a', 2]).allowed]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('that are undone were none, and only they', () => {
    const first = take(['a', 2], ['b', 9]);
    take(['a', 2]);
    expect(take(['a', 2]).allowed).toBe(false);
    if (first.allowed) first.undo();
    expect([take(['a', 2]).allowed, take(['a', 2]).allowed]).toEqual([true, false]);
  });

  it('take no more memory than what is allowed in five minutes, whoever comes', () => {
    let most = 0;
    for (let count = 0; count < 50_000; count += 1) {
      take(['all', 100], [`address ${count}`, 10], [`proxy ${count % 7}`, 1000]);
      most = Math.max(most, attempts.size);
      if (count === 25_000) now += ATTEMPTS_PERIOD_MS;
    }
    expect(most).toBeLessThanOrEqual(108);
    now += ATTEMPTS_PERIOD_MS;
    take(['a', 1]);
    expect(attempts.size).toBe(1);
  });
});
