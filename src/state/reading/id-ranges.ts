import { PAGE_ITEMS } from './object-read.js';

/** Ids above the first and up to the second. */
export interface IdRange {
  readonly after: number;
  readonly upTo: number;
}

/** Pages are asked for so that this many of their places are likely to be used: one that is full is asked for twice. */
const WANTED_ITEMS = 30;
/** A range is never wider than so many times the one before: what comes may be denser by far. */
const GROWTH = 4;

/** The filter of a list command for a range. */
export function idFilter({ after, upTo }: IdRange): Record<string, number> {
  return { '>id': after, '<=id': upTo };
}

/**
 * Cuts ids into closed ranges that are one page of a list each. Their width follows how dense ids were so far; a range
 * whose page came back full goes on after its last id.
 */
export class IdRanges {
  /** Ids for one object. */
  private spread = 1;

  /** The next ranges after an id, `count` at most; together they reach no further than `maxId`. */
  next(after: number, maxId: number, count: number): IdRange[] {
    const width = Math.max(1, Math.round(this.spread * WANTED_ITEMS));
    const ranges: IdRange[] = [];
    for (let from = after; from < maxId && ranges.length < count; from += width) {
      ranges.push({ after: from, upTo: Math.min(from + width, maxId) });
    }
    return ranges;
  }

  /**
   * What is left of a range after its page.
   * @param ids of the page, ascending
   */
  rest({ upTo }: IdRange, ids: readonly number[]): IdRange | null {
    const last = ids.at(-1);
    return ids.length < PAGE_ITEMS || last === undefined || last >= upTo ? null : { after: last, upTo };
  }

  /** So many objects were found among so many ids: what comes next is taken to be about as dense. */
  found(objects: number, ids: number): void {
    if (ids <= 0) return;
    const seen = ids / Math.max(objects, 1);
    this.spread = Math.max(1, Math.min(seen, this.spread * GROWTH));
  }
}
