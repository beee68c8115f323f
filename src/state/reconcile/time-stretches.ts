import { PAGE_ITEMS } from '../reading/object-read.js';
import { filterDate, type FilterClock } from './filter-dates.js';

/** What was changed from one second to another, both included; within one second, only what comes after an id. */
export interface TimeStretch {
  readonly from: number;
  readonly to: number;
  /** Only where `from` and `to` are the same. */
  readonly afterId?: number;
}

/** Of the order in which changes are listed. */
export interface ListedChange {
  readonly id: number;
  readonly updatedAt: number;
}

/** A stretch that goes on is cut into so many at most: each is a command. */
const MOST_PIECES = 25;
const WANTED_ITEMS = 30;

export const CHANGES_ORDER = { updatedTime: 'ASC', id: 'ASC' } as const;

/** The filter of a list command for a stretch. */
export function stretchFilter(
  { from, to, afterId }: TimeStretch,
  clock: FilterClock,
): Record<string, string | number> {
  return {
    '>=updatedTime': filterDate(from, clock),
    '<=updatedTime': filterDate(to, clock),
    ...(afterId === undefined ? {} : { '>id': afterId }),
  };
}

/**
 * What is left of a stretch after its page. After a mass update hundreds of objects have one second: there only the id
 * tells what was listed. Pure.
 * @param page by time, then by id
 */
export function restOf({ to }: TimeStretch, page: readonly ListedChange[]): TimeStretch[] {
  const [first, last] = [page[0], page.at(-1)];
  if (page.length < PAGE_ITEMS || first === undefined || last === undefined) return [];
  const sameSecond = { from: last.updatedAt, to: last.updatedAt, afterId: last.id };
  const from = last.updatedAt + 1;
  if (from > to) return [sameSecond];
  const perSecond = page.length / (last.updatedAt - first.updatedAt + 1);
  const wanted = Math.ceil(((to - from + 1) * perSecond) / WANTED_ITEMS);
  const pieces = Math.min(Math.max(1, wanted), MOST_PIECES, to - from + 1);
  return [sameSecond, ...cut(from, to, pieces)];
}

function cut(from: number, to: number, pieces: number): TimeStretch[] {
  const width = Math.ceil((to - from + 1) / pieces);
  const stretches: TimeStretch[] = [];
  for (let start = from; start <= to; start += width) {
    stretches.push({ from: start, to: Math.min(start + width - 1, to) });
  }
  return stretches;
}
