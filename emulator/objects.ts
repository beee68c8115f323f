import { USER_ID, type Caller } from './callers.js';
import { type FilterReading } from './item-filter.js';
import { ObjectIndex } from './object-index.js';
import { eventsOf, isEntityType, isSmartProcess, type ObjectAction } from './object-types.js';
import { formatTimestamp, givenSeconds, type GivenOffset } from './portal-clock.js';
import {
  fieldsOf,
  KEPT_FIELDS,
  keptFields,
  namesOf,
  valueOf,
  type ObjectFields,
  type StoredObject,
} from './stored-object.js';

/** How a change is made beside the ordinary way. */
export interface ChangeOptions {
  /** Fires no event, as an import does. */
  readonly silent?: boolean;
  /** Unix seconds that become its time of change, also past ones; now by default. */
  readonly updatedAt?: number;
  /** The same for its time of creation; only for new ones. */
  readonly createdAt?: number;
  /** Number of a new object; the type's next one by default. */
  readonly id?: number;
  /** Who is said to have made it and changed it; by default whoever does. */
  readonly createdBy?: number;
  readonly updatedBy?: number;
}

export interface SeedOptions {
  readonly count: number;
  /** From one number to the next: 1 by default, more leaves gaps. */
  readonly step?: number;
  /** Unix seconds between which they were made, evenly: within the year that ended a day ago by default. */
  readonly from?: number;
  readonly to?: number;
}

/** A person with a browser, who changes something. */
const SOMEBODY: Caller = { clientId: null, userId: USER_ID, connector: '' };

const DAY = 86_400;

/** From so many on, the order by time is better made anew than kept. */
const MANY = 1000;

/** The objects of one type: each type counts its own ids. */
class ObjectsOfType {
  readonly index = new ObjectIndex();
  /** Names of fields that some object was given. */
  readonly fieldNames = new Set<string>();
  private lastId = 0;

  /** The next number, or the given one: later ones come after it. */
  number(wanted?: number): number {
    this.lastId = wanted === undefined ? this.lastId + 1 : Math.max(this.lastId, wanted);
    return wanted ?? this.lastId;
  }
}

/**
 * The objects of a portal. Every change is recorded for the applications that have bound its event. Times are in Unix
 * seconds and printed with the portal's offset.
 */
export class PortalObjects {
  private readonly byType = new Map<number, ObjectsOfType>();
  private readonly dropped = new Set<number>();

  constructor(
    private readonly record: (event: string, data: unknown, by: Caller) => void,
    private readonly portal: {
      /** Milliseconds since the epoch. */
      readonly now: () => number;
      readonly utcOffset: string;
      /** The time in which it reads dates of filters, and what becomes of their own offset. */
      readonly filterOffset: string;
      readonly filterDates: GivenOffset;
    },
  ) {}

  /** Whether its objects can be: a smart process can be deleted. */
  hasType(entityTypeId: number): boolean {
    return isEntityType(entityTypeId) && !this.dropped.has(entityTypeId);
  }

  /** Deletes a smart process with all of its objects; that fires nothing. @throws Error for another type */
  dropType(entityTypeId: number): void {
    if (!isSmartProcess(entityTypeId)) throw new Error(`No smart process: ${entityTypeId}`);
    this.dropped.add(entityTypeId);
    this.byType.delete(entityTypeId);
  }

  /** A date with its own offset, or in the portal's time; Unix seconds, null for what is none. */
  seconds(text: string): number | null {
    return givenSeconds(text, this.portal.utcOffset, 'counted');
  }

  /** Entity type ids of which there are or were objects. */
  types(): number[] {
    return [...this.byType.keys()].sort((a, b) => a - b);
  }

  index(entityTypeId: number): ObjectIndex {
    return this.ofType(entityTypeId).index;
  }

  filterReading(entityTypeId: number): FilterReading {
    const { fieldNames } = this.ofType(entityTypeId);
    const knowsField = (name: string): boolean =>
      KEPT_FIELDS.includes(name) ||
      (fieldsOf(entityTypeId).has(name) && name !== 'fm') ||
      fieldNames.has(name) ||
      /^(ufCrm|parentId)\w+$/.test(name);
    const { filterOffset, filterDates } = this.portal;
    return { seconds: (text) => givenSeconds(text, filterOffset, filterDates), knowsField };
  }

  find(entityTypeId: number, id: number): StoredObject | null {
    return this.byType.get(entityTypeId)?.index.find(id) ?? null;
  }

  /** @throws Error for a number that is taken or not a positive whole one */
  add(
    entityTypeId: number,
    fields: ObjectFields = {},
    options: ChangeOptions = {},
    by: Caller = SOMEBODY,
  ): StoredObject {
    const objects = this.ofType(entityTypeId);
    if (options.id !== undefined && (!(options.id > 0) || this.find(entityTypeId, options.id))) {
      throw new Error(`Not a free number: ${options.id}`);
    }
    const updatedAt = options.updatedAt ?? options.createdAt ?? this.now();
    const object: StoredObject = {
      entityTypeId,
      id: objects.number(options.id),
      createdAt: options.createdAt ?? updatedAt,
      updatedAt,
      createdBy: options.createdBy ?? by.userId,
      updatedBy: options.updatedBy ?? by.userId,
      seeded: false,
      unreadable: false,
      given: this.kept(entityTypeId, fields),
    };
    objects.index.put(object);
    this.tell(object, 'ADD', by, options);
    return object;
  }

  /** @returns null where there is none */
  update(
    entityTypeId: number,
    id: number,
    fields: ObjectFields = {},
    options: ChangeOptions = {},
    by: Caller = SOMEBODY,
  ): StoredObject | null {
    const object = this.find(entityTypeId, id);
    if (!object) return null;
    object.given = { ...object.given, ...this.kept(entityTypeId, fields) };
    object.updatedBy = by.userId;
    this.index(entityTypeId).setUpdatedAt(object, options.updatedAt ?? this.now());
    this.tell(object, 'UPDATE', by, options);
    return object;
  }

  /** Changes many within one second. @returns how many there were */
  updateMany(
    entityTypeId: number,
    ids: readonly number[],
    fields: ObjectFields = {},
    options: ChangeOptions = {},
  ): number {
    const at = { ...options, updatedAt: options.updatedAt ?? this.now() };
    if (ids.length > MANY) this.index(entityTypeId).expectMany();
    let changed = 0;
    for (const id of ids) if (this.update(entityTypeId, id, fields, at)) changed += 1;
    return changed;
  }

  /** @returns false where there is none */
  delete(entityTypeId: number, id: number, options: ChangeOptions = {}, by: Caller = SOMEBODY): boolean {
    const object = this.byType.get(entityTypeId)?.index.remove(id) ?? null;
    if (!object) return false;
    this.tell(object, 'DELETE', by, options);
    return true;
  }

  /** Makes many at once, each a little different; they fire nothing. @returns the first and the last number */
  seed(entityTypeId: number, { count, step = 1, ...times }: SeedOptions): { first: number; last: number } {
    if (!(count >= 1) || !(step >= 1)) throw new Error('count and step must be at least 1');
    const to = times.to ?? this.now() - DAY;
    const from = times.from ?? to - 365 * DAY;
    const objects = this.ofType(entityTypeId);
    const first = objects.number(objects.number() + step - 1);
    const last = objects.number(first + (count - 1) * step);
    objects.index.append(
      Array.from({ length: count }, (_, i): StoredObject => {
        const at = Math.floor(from + ((to - from) * (i + 1)) / count);
        return {
          entityTypeId,
          id: first + i * step,
          createdAt: at,
          updatedAt: at,
          createdBy: USER_ID,
          updatedBy: USER_ID,
          seeded: true,
          unreadable: false,
          given: null,
        };
      }),
    );
    return { first, last };
  }

  /** Lets the application's user read objects or not. @returns how many there were */
  setReadable(entityTypeId: number, ids: Iterable<number>, readable: boolean): number {
    let found = 0;
    for (const id of ids) {
      const object = this.find(entityTypeId, id);
      if (!object) continue;
      object.unreadable = !readable;
      found += 1;
    }
    return found;
  }

  /**
   * An object as `crm.item` methods print it, times with the portal's offset.
   * @param select names of fields, unknown ones are left out; null for all of them
   */
  print(object: StoredObject, select: readonly string[] | null = null): Record<string, unknown> {
    const printed: Record<string, unknown> = {};
    for (const name of select ?? namesOf(object)) {
      const value = valueOf(object, name);
      if (value !== undefined)
        printed[name] = /^(created|updated)Time$/.test(name) ? this.time(value) : value;
    }
    return printed;
  }

  private time(seconds: unknown): string {
    return formatTimestamp(Number(seconds), this.portal.utcOffset);
  }

  /** Unix seconds. */
  now(): number {
    return Math.floor(this.portal.now() / 1000);
  }

  private kept(entityTypeId: number, fields: ObjectFields): ObjectFields {
    const kept = keptFields(fields);
    const { fieldNames } = this.ofType(entityTypeId);
    for (const name of Object.keys(kept)) fieldNames.add(name);
    return kept;
  }

  private ofType(entityTypeId: number): ObjectsOfType {
    const known = this.byType.get(entityTypeId);
    if (known) return known;
    const objects = new ObjectsOfType();
    this.byType.set(entityTypeId, objects);
    return objects;
  }

  private tell(
    { entityTypeId, id }: StoredObject,
    action: ObjectAction,
    by: Caller,
    { silent = false }: ChangeOptions,
  ): void {
    if (silent) return;
    for (const { event, data } of eventsOf(entityTypeId, action, id)) this.record(event, data, by);
  }
}
