import { expect, it } from '@jest/globals';
import { attemptsOf } from './attempt.js';

it.each([
  ['published', 3, 0, { made: 3, inSeries: 3 }],
  // What waits carries the number to come, what is dead that of one that will not be.
  ['waiting', 3, 0, { made: 2, inSeries: 2 }],
  ['dead', 6, 3, { made: 5, inSeries: 2 }],
] as const)('attempts of a %s delivery', (state, attempt, before, expected) => {
  expect(attemptsOf({ state, attempt, attempts_before: before, discarded_at: null })).toEqual(expected);
});

it('attempts of what was discarded', () => {
  expect(attemptsOf({ state: 'processed', attempt: 3, attempts_before: 0, discarded_at: 1 })).toEqual({
    made: 2,
    inSeries: 2,
  });
});
