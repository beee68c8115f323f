/** What happened to an object. */
export type ObjectAction = 'ADD' | 'UPDATE' | 'DELETE';

interface OwnType {
  /** As methods of its own name it, and its events: `crm.deal.add`, `ONCRMDEALADD`. */
  readonly kind: string;
  readonly title: string;
  readonly stages: readonly string[];
}

/** The types that have methods and events of their own, by entity type id. */
const OWN_TYPES: ReadonlyMap<number, OwnType> = new Map([
  [1, { kind: 'lead', title: 'Lead', stages: ['NEW', 'IN_PROCESS', 'CONVERTED'] }],
  [2, { kind: 'deal', title: 'Deal', stages: ['NEW', 'PREPARATION', 'EXECUTING', 'WON', 'LOSE'] }],
  [3, { kind: 'contact', title: 'Contact', stages: [] }],
  [4, { kind: 'company', title: 'Company', stages: [] }],
  [7, { kind: 'quote', title: 'Quote', stages: ['DRAFT', 'SENT', 'APPROVED'] }],
]);

export const LEAD = 1;
export const CONTACT = 3;
export const COMPANY = 4;
const INVOICE = 31;

/** The entity type of a kind that has methods of its own, `deal`. */
export function entityTypeOf(kind: string): number {
  for (const [id, own] of OWN_TYPES) if (own.kind === kind) return id;
  throw new Error(`No kind of object: ${kind}`);
}

/** A smart process: they have even numbers from 128 on. */
export const isSmartProcess = (id: number): boolean => id >= 128 && id % 2 === 0;

/** Whether objects of this type can be: the old five, invoices, and smart processes. */
export const isEntityType = (id: number): boolean =>
  OWN_TYPES.has(id) || id === INVOICE || isSmartProcess(id);

/** What objects of a type are called where nobody gave them a title. */
export const titleOf = (entityTypeId: number): string =>
  OWN_TYPES.get(entityTypeId)?.title ?? (entityTypeId === INVOICE ? 'Invoice' : 'Item');

/** The stages of a type's first funnel, in order; none where it has no stages. */
export function stagesOf(entityTypeId: number): readonly string[] {
  const own = OWN_TYPES.get(entityTypeId);
  if (own) return own.stages;
  const names = entityTypeId === INVOICE ? ['N', 'S', 'P', 'D'] : ['NEW', 'CLIENT', 'SUCCESS', 'FAIL'];
  return names.map((name) => `DT${entityTypeId}_1:${name}`);
}

/**
 * The events that a change of an object raises, with what a handler gets as `data`. Invoices have those of smart
 * processes: `ONCRMINVOICE…` belong to the invoices of old (type 5), which no `crm.item` method knows.
 */
export function eventsOf(
  entityTypeId: number,
  action: ObjectAction,
  id: number,
): { event: string; data: unknown }[] {
  const own = OWN_TYPES.get(entityTypeId);
  if (own) {
    const event = `ONCRM${own.kind.toUpperCase()}${action}`;
    return [{ event, data: { FIELDS: { ID: String(id) } } }];
  }
  const data = { FIELDS: { ID: String(id), ENTITY_TYPE_ID: String(entityTypeId) } };
  const event = `ONCRMDYNAMICITEM${action}`;
  return [
    { event, data },
    { event: `${event}_${entityTypeId}`, data },
  ];
}
