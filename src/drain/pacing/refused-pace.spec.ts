import { expect, it } from '@jest/globals';
import { RefusedPace } from './refused-pace.js';

const keys = (...dueAt: number[]) => dueAt.map((at, index) => ({ key: `k${index}`, dueAt: at }));

it('tries what is due, and a key that was refused again a second later', () => {
  const pace = new RefusedPace();
  expect(pace.ready(keys(100, 200), 150)).toEqual(['k0']);
  pace.refusedAgain('k0', 150);
  expect(pace.ready(keys(100, 200), 300)).toEqual(['k1']);
  expect(pace.nextAt(keys(100, 200), 300)).toBe(200);
  expect(pace.nextAt(keys(100, 5000), 300)).toBe(1150);
  expect(pace.ready(keys(100, 200), 1150)).toEqual(['k0', 'k1']);
});

it('has nothing to wait for where nothing is refused', () => {
  expect(new RefusedPace().nextAt([], 100)).toBeNull();
});

it('does not wait for a pause that a clock set back has made long', () => {
  const pace = new RefusedPace();
  pace.refusedAgain('k0', 1_000_000);
  expect(pace.ready(keys(100), 500)).toEqual(['k0']);
});
