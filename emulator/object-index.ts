import { SortedObjects, type Stretch } from './sorted-objects.js';
import { type StoredObject } from './stored-object.js';

const byId = (a: StoredObject, b: StoredObject): number => a.id - b.id;
const byTime = (a: StoredObject, b: StoredObject): number => a.updatedAt - b.updatedAt || a.id - b.id;

/** The objects of one type, sorted by id and, from the first question for it on, by time of change. */
export class ObjectIndex {
  private readonly ids: SortedObjects;
  private times: SortedObjects | null = null;

  /** @param blockSize as {@link SortedObjects} has it */
  constructor(private readonly blockSize?: number) {
    this.ids = new SortedObjects(byId, blockSize);
  }

  get size(): number {
    return this.ids.size;
  }

  get lastId(): number {
    return this.ids.last?.id ?? 0;
  }

  find(id: number): StoredObject | null {
    const found = this.ids.first((item) => item.id >= id);
    return found?.id === id ? found : null;
  }

  /** The object at a place from 0 (the lowest id) to 1 (past the highest); null where there is none. */
  at(place: number): StoredObject | null {
    return this.ids.at(Math.floor(place * this.ids.size));
  }

  /** Whoever has this number already goes. */
  put(object: StoredObject): void {
    this.remove(object.id);
    this.ids.add(object);
    this.times?.add(object);
  }

  /** Objects whose numbers come after all others, in order. */
  append(objects: Iterable<StoredObject>): void {
    for (const object of objects) this.ids.append(object);
    this.times = null;
  }

  remove(id: number): StoredObject | null {
    const object = this.find(id);
    if (!object) return null;
    this.times?.remove(object);
    this.ids.remove(object);
    return object;
  }

  setUpdatedAt(object: StoredObject, updatedAt: number): void {
    if (object.updatedAt === updatedAt) return;
    this.times?.remove(object);
    object.updatedAt = updatedAt;
    this.times?.add(object);
  }

  /** Before many change: the order by time is made again when it is asked for, not object by object. */
  expectMany(): void {
    this.times = null;
  }

  /** Objects with ids from `first` to `last`, both included. */
  withIds(first: number, last: number): Stretch {
    return this.ids.between(
      (item) => item.id >= first,
      (item) => item.id > last,
    );
  }

  /** Objects that were changed from `first` to `last`, Unix seconds, both included; by time, then by id. */
  changedWithin(first: number, last: number): Stretch {
    return this.sortedByTime().between(
      (item) => item.updatedAt >= first,
      (item) => item.updatedAt > last,
    );
  }

  private sortedByTime(): SortedObjects {
    if (this.times) return this.times;
    this.times = new SortedObjects(byTime, this.blockSize);
    for (const object of this.ids.all().sort(byTime)) this.times.append(object);
    return this.times;
  }
}
