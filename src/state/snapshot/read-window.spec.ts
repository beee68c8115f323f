import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PortalThrottled } from '../../bitrix24/errors.js';
import { IdRanges } from '../reading/id-ranges.js';
import { type ListCommand, type ListOutcome, PAGE_ITEMS } from '../reading/object-read.js';
import { type Page, readWindow } from './read-window.js';

/** A portal with objects of these ids; `most`: how many items any one call has shown. */
function portal(ids: readonly number[]) {
  const shown = { most: 0, commands: 0 };
  const list = (commands: readonly ListCommand[]): Promise<ListOutcome[]> => {
    const outcomes = commands.map(({ filter }) => {
      const [after, upTo] = [Number(filter['>id']), Number(filter['<=id'])];
      const items: { id: number }[] = [];
      for (const id of ids) {
        // They stand in order.
        if (id > upTo || items.length === PAGE_ITEMS) break;
        if (id > after) items.push({ id });
      }
      return { items, beganAt: 1 };
    });
    shown.commands += commands.length;
    return Promise.resolve(outcomes);
  };
  return { list, shown };
}

async function readAll(ids: readonly number[], list: ReturnType<typeof portal>['list']): Promise<Page[][]> {
  const ranges = new IdRanges();
  const maxId = ids.at(-1) ?? 0;
  const windows: Page[][] = [];
  for (let after = 0; after < maxId;) {
    const window = { entityTypeId: 2, filter: {}, select: ['id'], after, maxId };
    const read = await readWindow(list, window, ranges);
    if ('failed' in read) throw read.failed;
    windows.push([...read.pages]);
    after = read.pages.at(-1)?.upTo ?? maxId;
  }
  return windows;
}

const increasing = fc
  .array(
    // As dense as can be, with gaps, and with holes.
    fc.tuple(fc.constantFrom(1, 1, 1, 2, 7, 1000, 90_000), fc.nat({ max: 120 })),
    { minLength: 1, maxLength: 8 },
  )
  .map((stretches) => {
    const ids: number[] = [];
    let last = 0;
    for (const [step, count] of stretches) for (let i = 0; i <= count; i += 1) ids.push((last += step));
    return ids;
  });

it('reads every id once, in order, whatever gaps there are, and never holds many', async () => {
  await fc.assert(
    fc.asyncProperty(increasing, async (ids) => {
      const { list } = portal(ids);
      const windows = await readAll(ids, list);
      expect(windows.flat().flatMap(({ items }) => items.map(({ id }) => id))).toEqual(ids);
      for (const pages of windows) {
        let after = -1;
        for (const { upTo, items } of pages) {
          // Everything up to there is read: a process that dies goes on behind it.
          expect(items.every(({ id }) => id > after && id <= upTo)).toBe(true);
          after = upTo;
        }
        expect(pages.reduce((sum, { items }) => sum + items.length, 0)).toBeLessThanOrEqual(
          20 * 4 * PAGE_ITEMS,
        );
      }
    }),
    { numRuns: 60 },
  );
});

it('asks for little more than a page of every thirty objects', async () => {
  const ids = Array.from({ length: 6000 }, (_, index) => (index + 1) * 3);
  const { list, shown } = portal(ids);
  await readAll(ids, list);
  expect(shown.commands).toBeLessThan(6000 / 20);
});

it('keeps what stands before a page that failed, and says why where there is nothing', async () => {
  const throttled = new PortalThrottled({ method: 'crm.item.list', code: 'OPERATION_TIME_LIMIT' }, null);
  const window = { entityTypeId: 2, filter: {}, select: ['id'], after: 0, maxId: 1000 };
  const { list } = portal(Array.from({ length: 1000 }, (_, index) => index + 1));
  const third = async (commands: readonly ListCommand[]) =>
    (await list(commands)).map((outcome, index) => (index === 2 ? { failed: throttled } : outcome));
  const read = await readWindow(third, window, new IdRanges());
  if ('failed' in read) throw read.failed;
  expect(read.pages.map(({ upTo }) => upTo)).toEqual([30, 60]);
  const first = async (commands: readonly ListCommand[]) =>
    (await list(commands)).map((outcome, index) => (index === 0 ? { failed: throttled } : outcome));
  expect(await readWindow(first, window, new IdRanges())).toEqual({ failed: throttled });
});

it('believes no page that shows something else than was asked for', async () => {
  const window = { entityTypeId: 2, filter: {}, select: ['id'], after: 100, maxId: 200 };
  const wrong = (commands: readonly ListCommand[]): Promise<ListOutcome[]> =>
    Promise.resolve(commands.map(() => ({ items: [{ id: 7 }], beganAt: 1 })));
  expect(await readWindow(wrong, window, new IdRanges())).toMatchObject({
    failed: { code: 'UNREADABLE_ANSWER' },
  });
});
