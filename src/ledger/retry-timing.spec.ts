import { describe, expect, it } from '@jest/globals';
import { latestSaneDueAt, refusalDueAt, retryDueAt, type RetryPolicy } from './retry-timing.js';

const POLICY: RetryPolicy = {
  RETRY_MAX_ATTEMPTS: 5,
  RETRY_BASE_DELAY_MS: 1000,
  RETRY_MAX_DELAY_MS: 60_000,
};
const NOW = Date.UTC(2026, 0, 15);

describe('the time of a retry', () => {
  it.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [6, 32_000],
    [7, 60_000],
    [40, 60_000],
    [1000, 60_000],
  ])('after failure %i is %i ms away at most', (attempt, delay) => {
    expect(retryDueAt(NOW, attempt, 0, POLICY)).toBe(NOW + delay);
  });

  it('is spread over the last quarter of the delay, in 16 places', () => {
    const delays = Array.from({ length: 1000 }, (_, seq) => retryDueAt(NOW, 3, seq, POLICY) - NOW);
    expect(new Set(delays).size).toBe(16);
    expect(Math.max(...delays)).toBe(4000);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(3000);
  });

  it('is the same for the same delivery, and whole milliseconds', () => {
    for (const seq of [1, 7, 123_456_789]) {
      const dueAt = retryDueAt(NOW, 1, seq, { ...POLICY, RETRY_BASE_DELAY_MS: 333 });
      expect(dueAt).toBe(retryDueAt(NOW, 1, seq, { ...POLICY, RETRY_BASE_DELAY_MS: 333 }));
      expect(Number.isInteger(dueAt)).toBe(true);
    }
  });

  it('is never later than the latest that can be meant', () => {
    for (let attempt = 1; attempt <= 50; attempt += 1) {
      expect(retryDueAt(NOW, attempt, attempt, POLICY)).toBeLessThan(latestSaneDueAt(NOW, POLICY));
    }
  });
});

describe('the series of an event that a queue refuses', () => {
  const policy = { RETRY_MAX_ATTEMPTS: 5, RETRY_BASE_DELAY_MS: 30_000, RETRY_MAX_DELAY_MS: 3_600_000 };
  /** Copies sent within `seconds`, the first included, to a queue that takes none. */
  const copiesWithin = (seconds: number, seq: number) => {
    let copies = 0;
    for (let now = 0; now <= seconds * 1000; now = refusalDueAt(now, copies, seq, policy)) copies += 1;
    return copies;
  };

  it.each([1, 10, 60, 600, 3600])('sends at most 1 + log2(T + 1) copies within T = %i s', (seconds) => {
    for (let seq = 0; seq < 64; seq += 1)
      expect(copiesWithin(seconds, seq)).toBeLessThanOrEqual(1 + Math.log2(seconds + 1));
  });

  it('begins after a second or a little more, and ends below RETRY_MAX_DELAY_MS', () => {
    expect(refusalDueAt(0, 1, 0, policy)).toBe(1000);
    expect(refusalDueAt(0, 1, 15, policy)).toBeLessThan(1250);
    expect(refusalDueAt(0, 40, 0, policy)).toBe(3_600_000);
    expect(refusalDueAt(0, 40, 15, policy)).toBeLessThan(3_600_000);
  });
});
