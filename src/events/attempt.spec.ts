import { expect, it } from '@jest/globals';
import { attemptsOf } from './attempt.js';

it.each([
  ['published', 3, 0, { made: 3, inSeries: 3 }],
  // What waits carries the number to come, what is dead that of one that will not be.
  ['waiting', 3, 0, { made: 2, inSeries: 2 }],
  ['dead', 6, 3, { made: 5, inSeries: 2 }],
  ['refused', 3, 0, { made: 3, inSeries: 3 }, 'acme.crm.deal.update'],
  ['refused', 6, 0, { made: 5, inSeries: 5 }, ''],
] as const)('attempts of a %s delivery', (state, attempt, before, expected, key: string | null = null) => {
  expect(
    attemptsOf({ state, attempt, attempts_before: before, discarded_at: null, refused_key: key }),
  ).toEqual(expected);
});

it('attempts of what was discarded', () => {
  expect(
    attemptsOf({ state: 'processed', attempt: 3, attempts_before: 0, discarded_at: 1, refused_key: null }),
  ).toEqual({
    made: 2,
    inSeries: 2,
  });
});
