import { ExactNumber } from '../json/exact-number.js';
import { objectIdOf } from '../json/object-id.js';
import { subjectPrefix, topicOf } from './topics.js';

/** A kind of objects that `crm.item.list` and `crm.item.get` read. */
export interface ObjectType {
  /** The word of settings, snapshots and reports: `crm.deal`, `crm.dynamic-item-134`. */
  readonly name: string;
  /** The portal's number of it. */
  readonly entityTypeId: number;
}

/** Every smart process, as a word of settings. */
export const EVERY_SMART_PROCESS = 'crm.dynamic-item';
/** Every type that can be read, as a word of settings. */
export const EVERY_TYPE = '*';

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['crm.lead', 1],
  ['crm.deal', 2],
  ['crm.contact', 3],
  ['crm.company', 4],
  ['crm.quote', 7],
  ['crm.invoice', 31],
]);
const NAMES: ReadonlyMap<number, string> = new Map([...NUMBERS].map(([name, number]) => [number, name]));
/** Types that have a word of their own, in the order in which lists name them. */
export const NAMED_TYPES: readonly string[] = [...NUMBERS.keys()];

const SMART_PROCESS = /^crm\.dynamic-item-([1-9]\d{0,8})$/;
/** The subject of the invoices of before 2022: they have a number space of their own, and no method reads them. */
const FORMER_INVOICE = /^ONCRMINVOICE/i;
/** Codes that the bridge itself makes: `crm.deal.snapshot`. */
const OWN_CODE = /^(crm\.[a-z0-9-]+)\.snapshot$/;

/** The type by the portal's number: `crm.deal` for 2, `crm.dynamic-item-134` for 134. */
export function objectTypeNumbered(entityTypeId: number): ObjectType {
  return { name: NAMES.get(entityTypeId) ?? `${EVERY_SMART_PROCESS}-${entityTypeId}`, entityTypeId };
}

/** The one type that a word names; null for a word that names none, or more than one. */
export function objectTypeNamed(name: string): ObjectType | null {
  const known = NUMBERS.get(name);
  if (known !== undefined) return { name, entityTypeId: known };
  const [, number] = SMART_PROCESS.exec(name) ?? [];
  return number === undefined ? null : objectTypeNumbered(Number(number));
}

/** What type of object an event is about; null where that cannot be read by `crm.item.*`, or is not said. */
export function objectTypeOf(event: string, data: unknown): ObjectType | null {
  const [, own] = OWN_CODE.exec(event) ?? [];
  if (own === undefined && FORMER_INVOICE.test(event)) return null;
  const subject = own ?? subjectPrefix(event);
  if (subject !== EVERY_SMART_PROCESS) return objectTypeNamed(subject);
  const number = numberIn(data);
  return number === null ? null : objectTypeNumbered(number);
}

/** The id by which the object of an event is read; null where its data names none. */
export function readableIdOf(data: unknown): string | null {
  const id = String(objectIdOf(data) ?? '');
  return /^[1-9]\d{0,17}$/.test(id) ? id : null;
}

/** Whether an event says that its object was deleted. */
export function isDelete(event: string): boolean {
  return topicOf(event).endsWith('.delete');
}

/** Types that a setting names: `crm.deal`, `crm.dynamic-item-134`, `crm.dynamic-item` for every smart process, `*`. */
export class ObjectTypes {
  private readonly words: ReadonlySet<string>;

  constructor(words: readonly string[]) {
    this.words = new Set(words.map((word) => objectTypeNamed(word)?.name ?? word));
  }

  /** What is wrong with a word; null where nothing is. */
  static faultOf(word: string): string | null {
    if (word === EVERY_TYPE || word === EVERY_SMART_PROCESS || objectTypeNamed(word) !== null) return null;
    const known = [...NAMED_TYPES, `${EVERY_SMART_PROCESS}-<number>`, EVERY_SMART_PROCESS, EVERY_TYPE];
    return `${JSON.stringify(word)} is none of ${known.join(', ')}`;
  }

  get none(): boolean {
    return this.words.size === 0;
  }

  /** Whether every type is named. */
  get every(): boolean {
    return this.words.has(EVERY_TYPE);
  }

  includes({ name }: Pick<ObjectType, 'name'>): boolean {
    return (
      this.every || this.words.has(name) || (this.words.has(EVERY_SMART_PROCESS) && SMART_PROCESS.test(name))
    );
  }
}

/** The number of a smart process whose code does not have it. */
function numberIn(data: unknown): number | null {
  const fields = isRecord(data) ? data['FIELDS'] : undefined;
  const value = isRecord(fields) ? fields['ENTITY_TYPE_ID'] : undefined;
  const text = value instanceof ExactNumber ? value.text : String(value);
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
