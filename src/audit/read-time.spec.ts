import { expect, it } from '@jest/globals';
import { readTime } from './read-time.js';

it.each([
  ['2026-11-29', '2026-11-29T00:00:00.000Z'],
  ['2026-11-29 14:05', '2026-11-29T14:05:00.000Z'],
  [' 2026-11-29T14:05:06 ', '2026-11-29T14:05:06.000Z'],
  ['2026-11-29T14:05:06.789Z', '2026-11-29T14:05:06.789Z'],
  ['2026-11-29T14:05+03:00', '2026-11-29T11:05:00.000Z'],
])('reads %s', (text, expected) => {
  expect(new Date(readTime(text) ?? Number.NaN).toISOString()).toBe(expected);
});

it.each(['', 'yesterday', '2026-13-01', '2026-11-29T25:00', '12', '2026-11-29; drop table audit'])(
  'does not read %j',
  (text) => {
    expect(readTime(text)).toBeNull();
  },
);
