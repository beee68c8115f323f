import { comparator, type ItemFilter, type ItemOrder } from './item-filter.js';
import { type ObjectIndex } from './object-index.js';
import { stretchOf, type Stretch } from './sorted-objects.js';
import { type StoredObject } from './stored-object.js';

/** A page has always this many. */
export const PAGE_SIZE = 50;

export interface ItemPage {
  readonly objects: readonly StoredObject[];
  /** All that match; null where they were not counted. */
  readonly total: number | null;
}

/** Sorting a stretch costs about so many times what reading it in order costs. */
const SORT_COST = 20;

type Indexed = 'id' | 'updatedTime' | null;

/** The index in whose order a list can be read, if any. */
function indexOf(order: readonly ItemOrder[]): Indexed {
  const [first, second, ...more] = order;
  if (!first || first.field === 'id') return 'id';
  if (first.field !== 'updatedTime' || more.length > 0) return null;
  if (!second) return 'updatedTime';
  return second.field === 'id' && second.descending === first.descending ? 'updatedTime' : null;
}

interface Candidates {
  readonly stretch: Stretch;
  /** Whether they lie in the order that was asked for (or in the opposite one). */
  readonly inOrder: boolean;
}

function candidates(index: ObjectIndex, filter: ItemFilter, order: readonly ItemOrder[]): Candidates {
  const wanted = indexOf(order);
  if (filter.ids) {
    const items = filter.ids.map((id) => index.find(id)).filter((object) => object !== null);
    return { stretch: stretchOf(items), inOrder: wanted === 'id' };
  }
  const { idRange, updatedRange } = filter;
  const byId = { stretch: index.withIds(idRange.first, idRange.last), inOrder: wanted === 'id' };
  const timeCounts =
    wanted === 'updatedTime' || updatedRange.first > -Infinity || updatedRange.last < Infinity;
  if (!timeCounts) return byId;
  const stretch = index.changedWithin(updatedRange.first, updatedRange.last);
  const byTime = { stretch, inOrder: wanted === 'updatedTime' };
  const cost = (of: Candidates): number => of.stretch.count * (of.inOrder ? 1 : SORT_COST);
  return cost(byTime) < cost(byId) ? byTime : byId;
}

/**
 * One page of the readable objects that a filter lets through.
 * @param start how many to pass over; null counts nothing and begins at the first
 */
export function pageOf(
  index: ObjectIndex,
  filter: ItemFilter,
  order: readonly ItemOrder[],
  start: number | null,
): ItemPage {
  const { stretch, inOrder } = candidates(index, filter, order);
  const offset = start ?? 0;
  const objects: StoredObject[] = [];
  let count = 0;
  stretch.each((object) => {
    if (object.unreadable || !filter.matches(object)) return false;
    count += 1;
    if (!inOrder || (count > offset && objects.length < PAGE_SIZE)) objects.push(object);
    return inOrder && start === null && objects.length === PAGE_SIZE;
  }, inOrder && order[0]?.descending);
  return {
    objects: inOrder ? objects : objects.sort(comparator(order)).slice(offset, offset + PAGE_SIZE),
    total: start === null ? null : count,
  };
}
