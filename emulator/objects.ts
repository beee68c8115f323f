import { type Caller } from './callers.js';

/** An object of the CRM: its id and whatever fields it was given. */
export type PortalObject = Readonly<Record<string, unknown>> & { readonly id: number };

/** What happened to an object. */
type ObjectAction = 'ADD' | 'UPDATE' | 'DELETE';

/** The kinds of objects that have methods and events of their own, by entity type id. */
const OWN_EVENTS: ReadonlyMap<number, string> = new Map([
  [1, 'LEAD'],
  [2, 'DEAL'],
  [3, 'CONTACT'],
  [4, 'COMPANY'],
]);

/** The entity type of a kind that has methods of its own, `deal`. */
export function entityTypeOf(kind: string): number {
  for (const [id, name] of OWN_EVENTS) if (name === kind.toUpperCase()) return id;
  throw new Error(`No kind of object: ${kind}`);
}

/** Whether objects of this type exist: the four old ones, and smart processes, which have even numbers from 128 on. */
export const isEntityType = (id: number): boolean => OWN_EVENTS.has(id) || (id >= 128 && id % 2 === 0);

/** The events that a change of an object raises, with what a handler gets as `data`. */
function eventsOf(
  entityTypeId: number,
  action: ObjectAction,
  id: number,
): { event: string; data: unknown }[] {
  const own = OWN_EVENTS.get(entityTypeId);
  if (own !== undefined) return [{ event: `ONCRM${own}${action}`, data: { FIELDS: { ID: String(id) } } }];
  const data = { FIELDS: { ID: String(id), ENTITY_TYPE_ID: String(entityTypeId) } };
  const event = `ONCRMDYNAMICITEM${action}`;
  return [
    { event, data },
    { event: `${event}_${entityTypeId}`, data },
  ];
}

/** The objects of a portal. Every change is recorded for the applications that have bound its event. */
export class PortalObjects {
  private readonly byType = new Map<number, Map<number, PortalObject>>();
  private lastId = 0;

  constructor(private readonly record: (event: string, data: unknown, by: Caller) => void) {}

  find(entityTypeId: number, id: number): PortalObject | null {
    return this.byType.get(entityTypeId)?.get(id) ?? null;
  }

  add(entityTypeId: number, fields: Readonly<Record<string, unknown>>, by: Caller): PortalObject {
    this.lastId += 1;
    return this.put(entityTypeId, { ...fields, id: this.lastId }, 'ADD', by);
  }

  /** @returns null where there is none */
  update(
    entityTypeId: number,
    id: number,
    fields: Readonly<Record<string, unknown>>,
    by: Caller,
  ): PortalObject | null {
    const before = this.find(entityTypeId, id);
    return before && this.put(entityTypeId, { ...before, ...fields, id }, 'UPDATE', by);
  }

  /** @returns false where there is none */
  delete(entityTypeId: number, id: number, by: Caller): boolean {
    if (this.byType.get(entityTypeId)?.delete(id) !== true) return false;
    this.tell(entityTypeId, 'DELETE', id, by);
    return true;
  }

  private put(entityTypeId: number, object: PortalObject, action: ObjectAction, by: Caller): PortalObject {
    const objects = this.byType.get(entityTypeId) ?? new Map<number, PortalObject>();
    this.byType.set(entityTypeId, objects);
    objects.set(object.id, object);
    this.tell(entityTypeId, action, object.id, by);
    return object;
  }

  private tell(entityTypeId: number, action: ObjectAction, id: number, by: Caller): void {
    for (const { event, data } of eventsOf(entityTypeId, action, id)) this.record(event, data, by);
  }
}
