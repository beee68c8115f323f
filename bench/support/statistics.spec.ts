import { describe, expect, it } from '@jest/globals';
import { median, quantile, rateBetween } from './statistics.js';

describe('statistics', () => {
  it('takes the middle, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('interpolates between the values beside a quantile', () => {
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
    expect(quantile([0, 100], 0.99)).toBeCloseTo(99);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it('counts from the first sample at or beyond a share to the first at or beyond the other', () => {
    const samples = [
      { at: 0, count: 0 },
      { at: 5000, count: 100 },
      { at: 6000, count: 600 },
      { at: 7000, count: 1000 },
      { at: 9000, count: 1000 },
    ];
    expect(rateBetween(samples, 1000, 0.1, 1)).toBe(450);
    expect(rateBetween(samples, 1000, 0.1, 0.5)).toBe(500);
    expect(() => rateBetween(samples, 2000, 0.1, 1)).toThrow('do not cover');
  });
});
