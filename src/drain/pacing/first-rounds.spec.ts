import { describe, expect, it } from '@jest/globals';
import { firstRounds } from './first-rounds.js';

describe('the first rounds after a start', () => {
  it.each([
    [1, 5000, 3],
    [100, 5000, 300],
    [1000, 5000, 3000],
    [100_000, 60_000, 5000],
    [1000, 400, 400],
  ])('of %d portals that are asked every %d ms begin within %d ms, evenly', (portals, interval, within) => {
    const starts = firstRounds(portals, interval, 0.37).sort((a, b) => a - b);
    expect(starts).toHaveLength(portals);
    expect(starts[0]).toBeGreaterThanOrEqual(0);
    expect(starts.at(-1)).toBeLessThan(within);
    const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
    const uneven = gaps.filter((gap) => Math.abs(gap - within / portals) > 5e-7);
    expect(uneven).toEqual([]);
  });

  it('do not always begin with the same portal', () => {
    const first = (random: number) => {
      const starts = firstRounds(10, 5000, random);
      return starts.indexOf(Math.min(...starts));
    };
    expect(first(0)).not.toBe(first(0.5));
  });
});
