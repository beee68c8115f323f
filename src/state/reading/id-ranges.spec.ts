import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IdRanges, type IdRange } from './id-ranges.js';
import { PAGE_ITEMS } from './object-read.js';

function sweep(ids: readonly number[], atOnce: number): { listed: number[]; commands: number } {
  const ranges = new IdRanges();
  const maxId = ids.at(-1) ?? 0;
  const listed: number[] = [];
  let commands = 0;
  for (let after = 0; after < maxId;) {
    const chosen = ranges.next(after, maxId, atOnce);
    const upTo = chosen.at(-1)?.upTo ?? maxId;
    let found = 0;
    for (let left: IdRange[] = chosen; left.length > 0;) {
      commands += left.length;
      left = left.flatMap((range) => {
        const page: number[] = [];
        for (const id of ids) {
          // They stand in order.
          if (id > range.upTo || page.length === PAGE_ITEMS) break;
          if (id > range.after) page.push(id);
        }
        listed.push(...page);
        found += page.length;
        return ranges.rest(range, page) ?? [];
      });
    }
    ranges.found(found, upTo - after);
    after = upTo;
  }
  return { listed, commands };
}

it('shows every id once, however dense they are', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ gap: fc.nat(5000), run: fc.nat(400) }), { maxLength: 12 }), (parts) => {
      const ids: number[] = [];
      let id = 0;
      for (const { gap, run } of parts) {
        id += gap;
        for (let count = 0; count < run; count += 1) ids.push(++id);
      }
      const { listed } = sweep(ids, 7);
      expect(listed.sort((a, b) => a - b)).toEqual(ids);
    }),
    { numRuns: 200 },
  );
});

it('takes about two thirds of its pages where ids are evenly dense', () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => index * 7 + 1);
  const { commands } = sweep(ids, 50);
  expect(commands).toBeLessThan(1000);
});
