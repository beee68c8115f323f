import { type StoredObject } from './stored-object.js';

type Compare = (a: StoredObject, b: StoredObject) => number;

const byId: Compare = (a, b) => a.id - b.id;
const byTime: Compare = (a, b) => a.updatedAt - b.updatedAt || a.id - b.id;

/** The first index at which `reached` holds; it holds from there on. */
function firstIndex(items: readonly StoredObject[], reached: (item: StoredObject) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item && !reached(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Part of a sorted list. */
export interface Stretch {
  readonly items: readonly StoredObject[];
  readonly from: number;
  /** The index after the last one. */
  readonly to: number;
}

/** The objects of one type, sorted by id and, from the first question for it on, by time of change. */
export class ObjectIndex {
  private readonly ids: StoredObject[] = [];
  private times: StoredObject[] | null = null;

  get size(): number {
    return this.ids.length;
  }

  get lastId(): number {
    return this.ids.at(-1)?.id ?? 0;
  }

  find(id: number): StoredObject | null {
    const found = this.ids[firstIndex(this.ids, (item) => item.id >= id)];
    return found?.id === id ? found : null;
  }

  /** The object at a place from 0 (the lowest id) to 1 (past the highest); null where there is none. */
  at(place: number): StoredObject | null {
    return this.ids[Math.floor(place * this.ids.length)] ?? null;
  }

  /** Whoever has this number already goes. */
  put(object: StoredObject): void {
    this.remove(object.id);
    insert(this.ids, object, byId);
    if (this.times) insert(this.times, object, byTime);
  }

  /** Objects whose numbers come after all others, in order. */
  append(objects: Iterable<StoredObject>): void {
    for (const object of objects) this.ids.push(object);
    this.times = null;
  }

  remove(id: number): StoredObject | null {
    const object = this.find(id);
    if (!object) return null;
    if (this.times) take(this.times, object, byTime);
    take(this.ids, object, byId);
    return object;
  }

  setUpdatedAt(object: StoredObject, updatedAt: number): void {
    if (object.updatedAt === updatedAt) return;
    if (this.times) take(this.times, object, byTime);
    object.updatedAt = updatedAt;
    if (this.times) insert(this.times, object, byTime);
  }

  /** Before many change: the order by time is made again when it is asked for, not object by object. */
  expectMany(): void {
    this.times = null;
  }

  /** Objects with ids from `first` to `last`, both included. */
  withIds(first: number, last: number): Stretch {
    const from = firstIndex(this.ids, (item) => item.id >= first);
    return { items: this.ids, from, to: firstIndex(this.ids, (item) => item.id > last) };
  }

  /** Objects that were changed from `first` to `last`, Unix seconds, both included; by time, then by id. */
  changedWithin(first: number, last: number): Stretch {
    this.times ??= [...this.ids].sort(byTime);
    const items = this.times;
    const from = firstIndex(items, (item) => item.updatedAt >= first);
    return { items, from, to: firstIndex(items, (item) => item.updatedAt > last) };
  }
}

function insert(items: StoredObject[], object: StoredObject, compare: Compare): void {
  const at = firstIndex(items, (item) => compare(item, object) >= 0);
  if (at === items.length) items.push(object);
  else items.splice(at, 0, object);
}

function take(items: StoredObject[], object: StoredObject, compare: Compare): void {
  items.splice(
    firstIndex(items, (item) => compare(item, object) >= 0),
    1,
  );
}
