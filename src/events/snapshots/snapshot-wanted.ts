import { Phrase } from '../../i18n/translate.js';
import {
  EVERY_SMART_PROCESS,
  NAMED_TYPES,
  type ObjectType,
  objectTypeNamed,
} from '../../contract/object-types.js';

/** What people ask of a snapshot, in their words. */
export interface SnapshotWords {
  /** `crm.deal`, `crm.dynamic-item-134`. */
  readonly types: readonly string[];
  /** `stageId=WON`, `>=createdTime=2026-01-01`: all of them have to be true. */
  readonly filter?: readonly string[] | undefined;
  /** A routing key in place of `<portal>.<object>.snapshot`. */
  readonly routingKey?: string | undefined;
}

/** A word of a snapshot cannot be understood. */
export class SnapshotWordsUnclear extends Error {
  override readonly name = 'SnapshotWordsUnclear';
  constructor(readonly phrase: Phrase) {
    super(phrase.in('en'));
  }
}

/** More types than any portal is read for at once. */
const MOST_TYPES = 50;
const MOST_CONDITIONS = 20;
const VALUE_LENGTH = 500;
/** Four words and more, as the contract says of every key. */
const ROUTING_KEY = /^[a-z0-9-]+(\.[a-z0-9-]+){3,}$/;
const KEY_LENGTH = 200;
const CONDITION = /^([A-Za-z][A-Za-z0-9_]{0,99})(>=|<=|!=|>|<|=)(.*)$/s;

/** Reads what a snapshot is to be. @throws {SnapshotWordsUnclear} */
export function readSnapshotWords({ types, filter = [], routingKey }: SnapshotWords): {
  readonly types: readonly ObjectType[];
  readonly filter: Readonly<Record<string, string>>;
  readonly routingKey: string | null;
} {
  if (types.length === 0) throw unclear('snapshots.unclear.types');
  if (types.length > MOST_TYPES || filter.length > MOST_CONDITIONS) throw unclear('snapshots.unclear.many');
  return {
    types: [...new Map(types.map(typeOf).map((type) => [type.name, type])).values()],
    filter: Object.fromEntries(filter.map(conditionOf)),
    routingKey: routingKey === undefined ? null : keyOf(routingKey),
  };
}

function typeOf(word: string): ObjectType {
  const type = objectTypeNamed(word.trim().toLowerCase());
  if (type !== null) return type;
  const known = [...NAMED_TYPES, `${EVERY_SMART_PROCESS}-<number>`].join(', ');
  throw new SnapshotWordsUnclear(Phrase.of('snapshots.unclear.type', { word: quoted(word), known }));
}

/** `stageId=WON` and `opportunity>=100` as the portal writes it: the operator before the field. */
function conditionOf(text: string): [string, string] {
  const [, field, operator, value] = CONDITION.exec(text.trim()) ?? [];
  if (field === undefined || operator === undefined || value === undefined || value.length > VALUE_LENGTH)
    throw new SnapshotWordsUnclear(Phrase.of('snapshots.unclear.condition', { word: quoted(text) }));
  if (field.toLowerCase() === 'id') throw unclear('snapshots.unclear.id');
  return [`${operator === '=' ? '' : operator}${field}`, value];
}

function keyOf(text: string): string {
  if (ROUTING_KEY.test(text) && text.length <= KEY_LENGTH) return text;
  throw new SnapshotWordsUnclear(Phrase.of('snapshots.unclear.key', { word: quoted(text) }));
}

function unclear(
  key: 'snapshots.unclear.types' | 'snapshots.unclear.many' | 'snapshots.unclear.id',
): SnapshotWordsUnclear {
  return new SnapshotWordsUnclear(Phrase.of(key));
}

const quoted = (text: string) => JSON.stringify(text.slice(0, 100));
