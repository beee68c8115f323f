import { comparator, type ItemFilter, type ItemOrder } from './item-filter.js';
import { type ObjectIndex, type Stretch } from './object-index.js';
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

interface Candidates extends Stretch {
  /** Whether they lie in the order that was asked for (or in the opposite one). */
  readonly inOrder: boolean;
}

function candidates(index: ObjectIndex, filter: ItemFilter, order: readonly ItemOrder[]): Candidates {
  if (filter.ids) {
    const items = filter.ids.map((id) => index.find(id)).filter((object) => object !== null);
    return { items, from: 0, to: items.length, inOrder: indexOf(order) === 'id' };
  }
  const wanted = indexOf(order);
  const { idRange, updatedRange } = filter;
  const byId = { ...index.withIds(idRange.first, idRange.last), inOrder: wanted === 'id' };
  const timeCounts =
    wanted === 'updatedTime' || updatedRange.first > -Infinity || updatedRange.last < Infinity;
  if (!timeCounts) return byId;
  const byTime = {
    ...index.changedWithin(updatedRange.first, updatedRange.last),
    inOrder: wanted === 'updatedTime',
  };
  const cost = ({ from, to, inOrder }: Candidates): number => (to - from) * (inOrder ? 1 : SORT_COST);
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
  const { items, from, to, inOrder } = candidates(index, filter, order);
  const offset = start ?? 0;
  const shows = (object: StoredObject): boolean => !object.unreadable && filter.matches(object);
  if (!inOrder) {
    const all = items.slice(from, to).filter(shows).sort(comparator(order));
    return {
      objects: all.slice(offset, offset + PAGE_SIZE),
      total: start === null ? null : all.length,
    };
  }
  const objects: StoredObject[] = [];
  const descending = order[0]?.descending ?? false;
  let count = 0;
  for (let step = 0; step < to - from; step += 1) {
    const object = items[descending ? to - 1 - step : from + step];
    if (!object || !shows(object)) continue;
    count += 1;
    if (count > offset && objects.length < PAGE_SIZE) objects.push(object);
    if (start === null && objects.length === PAGE_SIZE) break;
  }
  return { objects, total: start === null ? null : count };
}
