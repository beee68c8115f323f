import { expect, it } from '@jest/globals';
import { type ListCommand, type ListOutcome } from '../reading/object-read.js';
import { calibrate } from './calibrate.js';
import { filterDate, offsetOf } from './filter-dates.js';

const UPDATED_AT = Date.UTC(2026, 6, 18, 10, 32, 31) / 1000;
const NEVER = new AbortController().signal;

/** A portal with one object, which prints its times with one offset and reads dates of filters with another. */
function portalThat(prints: number, reads: number, now = UPDATED_AT) {
  const asked: number[] = [];
  const seconds = (text: unknown) => Date.parse(`${String(text).slice(0, 19)}Z`) / 1000 - reads;
  const list = (commands: readonly ListCommand[]): Promise<ListOutcome[]> => {
    asked.push(commands.length);
    return Promise.resolve(
      commands.map(({ filter }) => {
        const isThere =
          !('@id' in filter) ||
          (seconds(filter['>=updatedTime']) <= now && seconds(filter['<=updatedTime']) >= now);
        const item = { id: '17', updatedTime: filterDate(now, { offset: prints }) };
        return { items: isThere ? [item] : [], beganAt: 0 };
      }),
    );
  };
  return { list, asked };
}

it.each([
  [7200, 7200, 2],
  [10_800, 0, 2],
  [-18_000, 10_800, 3],
  [0, 20_700, 6],
  [0, 19_800, 3],
])('finds out how dates are read: printed with %i s, read with %i s', async (prints, reads, requests) => {
  const portal = portalThat(prints, reads);
  const found = await calibrate(portal, 2, NEVER);
  // A quarter of an hour is nobody's but a few places': there, dates are taken to be off by anything.
  const certain = reads % 1800 === 0;
  expect(found).toEqual({ offset: certain ? reads : prints, certain, knownBy: UPDATED_AT });
  expect(portal.asked).toHaveLength(requests);
});

it('has nothing to find out where there is no object', async () => {
  const list = () => Promise.resolve([{ items: [], beganAt: 0 }]);
  expect(await calibrate({ list }, 2, NEVER)).toBeNull();
});

it('reads an offset where there is one', () => {
  expect(
    ['2026-07-18T12:00:00+05:30', '2026-07-18T12:00:00-0330', '2026-07-18T12:00:00Z', '12:00'].map(offsetOf),
  ).toEqual([19_800, -12_600, 0, null]);
});
