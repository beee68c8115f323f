import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PAGE_ITEMS } from '../reading/object-read.js';
import { type ListedChange, restOf, stretchFilter, type TimeStretch } from './time-stretches.js';

/** A portal's page: by time, then by id. */
function pageOf(changes: readonly ListedChange[], { from, to, afterId = 0 }: TimeStretch): ListedChange[] {
  return changes
    .filter(({ id, updatedAt }) => updatedAt >= from && updatedAt <= to && id > afterId)
    .sort((a, b) => a.updatedAt - b.updatedAt || a.id - b.id)
    .slice(0, PAGE_ITEMS);
}

function readAll(
  changes: readonly ListedChange[],
  whole: TimeStretch,
): { listed: ListedChange[]; pages: number } {
  const listed: ListedChange[] = [];
  let left = [whole];
  let pages = 0;
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const page = pageOf(changes, next);
    listed.push(...page);
    left = [...left, ...restOf(next, page)];
    pages += 1;
  }
  return { listed, pages };
}

it('shows every change once, however many have one second', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ second: fc.nat(3000), many: fc.oneof(fc.constant(1), fc.nat(180)) }), {
        maxLength: 20,
      }),
      (bursts) => {
        let id = 0;
        const changes = bursts.flatMap(({ second, many }) =>
          Array.from({ length: many }, () => ({ id: ++id, updatedAt: 1000 + second })),
        );
        const { listed, pages } = readAll(changes, { from: 1000, to: 4000 });
        expect(listed.map((change) => change.id).sort((a, b) => a - b)).toEqual(
          changes.map((change) => change.id),
        );
        // Not many more than there have to be.
        expect(pages).toBeLessThan(2 + bursts.length + (changes.length / PAGE_ITEMS) * 30);
      },
    ),
    { numRuns: 300 },
  );
});

it('goes on within a second of a mass update by id', () => {
  const changes = Array.from({ length: 200 }, (_, index) => ({ id: index + 1, updatedAt: 500 }));
  const first = pageOf(changes, { from: 0, to: 500 });
  expect(restOf({ from: 0, to: 500 }, first)).toEqual([{ from: 500, to: 500, afterId: 50 }]);
  expect(readAll(changes, { from: 0, to: 500 }).listed).toHaveLength(200);
});

it('names dates as the portal reads them', () => {
  expect(stretchFilter({ from: 0, to: 59, afterId: 7 }, { offset: 7200 })).toEqual({
    '>=updatedTime': '1970-01-01T02:00:00+02:00',
    '<=updatedTime': '1970-01-01T02:00:59+02:00',
    '>id': 7,
  });
});
