import { COMPANY, CONTACT, LEAD, stagesOf, titleOf } from './object-types.js';

export type ObjectFields = Readonly<Record<string, unknown>>;

/**
 * An object of the CRM. Only what it was given is kept; what every object of its type has is worked out when it is
 * asked for, so that hundreds of thousands take little room.
 */
export interface StoredObject {
  readonly entityTypeId: number;
  readonly id: number;
  /** Unix seconds. */
  createdAt: number;
  updatedAt: number;
  createdBy: number;
  updatedBy: number;
  /** Made in bulk: its fields differ from its neighbours'. */
  readonly seeded: boolean;
  /** The application's user may not read it. */
  unreadable: boolean;
  given: ObjectFields | null;
}

type Field = (object: StoredObject) => unknown;

const always =
  (value: unknown): Field =>
  () =>
    value;

const stage: Field = ({ entityTypeId, id, seeded }) => {
  const stages = stagesOf(entityTypeId);
  return stages[seeded ? id % stages.length : 0];
};

const ANY: readonly [string, Field][] = [
  ['assignedById', always(1)],
  ['opened', always('Y')],
  ['comments', ({ id, seeded }) => (seeded ? `Comment ${id}` : null)],
  ['sourceId', always(null)],
  ['utmSource', always(null)],
];

const TITLE: readonly [string, Field][] = [
  ['title', ({ entityTypeId, id }) => `${titleOf(entityTypeId)} #${id}`],
];

const SALE: readonly [string, Field][] = [
  ['stageId', stage],
  ['opportunity', ({ id, seeded }) => (seeded ? (id % 1000) * 10 : 0)],
  ['isManualOpportunity', always('N')],
  ['currencyId', always('EUR')],
  ['companyId', always(0)],
  ['contactId', always(0)],
];

const PERSON: readonly [string, Field][] = [
  ['name', ({ id, seeded }) => (seeded ? `Name ${id}` : null)],
  ['lastName', ({ id, seeded }) => (seeded ? `Surname ${id}` : null)],
];

const REACHABLE: readonly [string, Field][] = [
  [
    'fm',
    ({ id, seeded }) =>
      seeded
        ? [
            { id: id * 2 - 1, valueType: 'WORK', value: `+4930${id}`, typeId: 'PHONE' },
            { id: id * 2, valueType: 'WORK', value: `${id}@example.com`, typeId: 'EMAIL' },
          ]
        : [],
  ],
];

/** The fields that every object of a type has, beside its id, its times and who changed it. */
function fieldsOfType(entityTypeId: number): ReadonlyMap<string, Field> {
  switch (entityTypeId) {
    case LEAD:
      return new Map([...TITLE, ...SALE, ...PERSON, ...ANY, ...REACHABLE]);
    case CONTACT:
      return new Map([...PERSON, ['companyId', always(0)], ...ANY, ...REACHABLE]);
    case COMPANY:
      return new Map([...TITLE, ...ANY, ...REACHABLE]);
    default:
      return new Map([...TITLE, ['categoryId', always(0)], ...SALE, ...ANY]);
  }
}

const ofType = new Map<number, ReadonlyMap<string, Field>>();

/** The fields of objects of a type, by name. */
export function fieldsOf(entityTypeId: number): ReadonlyMap<string, Field> {
  const known = ofType.get(entityTypeId) ?? fieldsOfType(entityTypeId);
  ofType.set(entityTypeId, known);
  return known;
}

/** Names that nobody gives: the portal keeps them. */
const KEPT: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['id', (object) => object.id],
  ['createdTime', (object) => object.createdAt],
  ['updatedTime', (object) => object.updatedAt],
  ['createdBy', (object) => object.createdBy],
  ['updatedBy', (object) => object.updatedBy],
  ['entityTypeId', (object) => object.entityTypeId],
]);

export const KEPT_FIELDS: readonly string[] = [...KEPT.keys()];

/** The value of a field; times in Unix seconds, undefined where the object has no such field. */
export function valueOf(object: StoredObject, name: string): unknown {
  const kept = KEPT.get(name);
  if (kept) return kept(object);
  const given = object.given?.[name];
  return given === undefined ? fieldsOf(object.entityTypeId).get(name)?.(object) : given;
}

/** Names of all fields that an object has. */
export function namesOf(object: StoredObject): string[] {
  const names = new Set([...KEPT_FIELDS, ...fieldsOf(object.entityTypeId).keys()]);
  for (const name of Object.keys(object.given ?? {})) names.add(name);
  return [...names];
}

const NUMBERS: ReadonlySet<string> = new Set([
  'assignedById',
  'categoryId',
  'companyId',
  'contactId',
  'opportunity',
]);

/** Fields as they are kept: what the portal keeps itself is left out, numbers that came as text are numbers. */
export function keptFields(fields: ObjectFields): ObjectFields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => !KEPT.has(name))
      .map(([name, value]) => [
        name,
        NUMBERS.has(name) && typeof value === 'string' ? Number(value) || 0 : value,
      ]),
  );
}
