import { expect, it } from '@jest/globals';
import { RequestRate } from './request-rate.js';

it('lets as many through as a minute has, and then as time gives back, each token for itself', () => {
  let now = 0;
  const rate = new RequestRate(60, () => now);
  const many = (token: string, count: number) =>
    Array.from({ length: count }, () => rate.take(token)).filter((wait) => wait === 0).length;
  expect(many('a', 100)).toBe(60);
  expect(rate.take('a')).toBeCloseTo(1000);
  expect(many('b', 100)).toBe(60);
  now += 500;
  expect(rate.take('a')).toBeCloseTo(500);
  now += 500;
  expect(rate.take('a')).toBe(0);
  now += 3_600_000;
  expect(many('a', 100)).toBe(60);
});
