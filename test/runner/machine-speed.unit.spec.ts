import { describe, expect, it } from '@jest/globals';
import { pageUs, workersFor } from './machine-speed.cjs';

describe('how many workers a machine wants', () => {
  it.each([
    [0.2, 10],
    [1.5, 10],
    [2.5, 10],
    [3.7, 9],
    [4.75, 8],
    [7, 6],
    [17, 6],
  ])('that takes %d µs for a page is %d between 6 and 10', (us, workers) => {
    expect(workersFor({ slow: 6, quick: 10 }, us)).toBe(workers);
    expect(workersFor({ slow: 1, quick: 1 }, us)).toBe(1);
  });

  it('is measured', () => {
    const us = pageUs();
    expect(us).toBeGreaterThan(0);
    expect(us).toBeLessThan(1000);
  });
});
