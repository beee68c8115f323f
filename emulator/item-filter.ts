import { isPhpArray, phpEntries, phpInt, phpString } from './php.js';
import { RestError } from './rest-error.js';
import { valueOf, type StoredObject } from './stored-object.js';

type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '@' | '!@' | '%' | '!%';

interface Condition {
  readonly field: string;
  readonly operator: Operator;
  readonly values: readonly (string | number)[];
}

export interface ItemOrder {
  readonly field: string;
  readonly descending: boolean;
}

/** Both ends are included. */
interface Range {
  readonly first: number;
  readonly last: number;
}

/** A filter that was read: what it says of ids and of times of change stands apart, for those are indexed. */
export interface ItemFilter {
  /** The ids that alone are asked for, ascending; null where it does not name them. */
  readonly ids: readonly number[] | null;
  readonly idRange: Range;
  readonly updatedRange: Range;
  readonly matches: (object: StoredObject) => boolean;
}

/** What the portal needs to know to read a filter. */
export interface FilterReading {
  /** Unix seconds of a date; null for what is none. */
  readonly seconds: (text: string) => number | null;
  readonly knowsField: (name: string) => boolean;
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['', '='],
  ['=', '='],
  ['!', '!='],
  ['!=', '!='],
  ['>', '>'],
  ['<', '<'],
  ['>=', '>='],
  ['<=', '<='],
  ['@', '@'],
  ['!@', '!@'],
  ['%', '%'],
  ['!%', '!%'],
]);

const TIMES: readonly string[] = ['createdTime', 'updatedTime'];

const invalidArgument = (description: string): RestError =>
  new RestError(400, 'INVALID_ARG_VALUE', description);

function readValue(field: string, value: unknown, reading: FilterReading): string | number {
  // An array where a number is due counts as PHP's intval of it: 1, or 0 when empty. That is what becomes of a reference
  // in a batch that leads nowhere.
  if (field === 'id') return phpInt(value);
  if (isPhpArray(value)) throw invalidArgument(`Invalid filter: field '${field}' has invalid value`);
  const text = phpString(value);
  if (!TIMES.includes(field)) return text;
  const seconds = reading.seconds(text);
  if (seconds === null) throw invalidArgument(`Invalid filter: field '${field}' has invalid value`);
  return seconds;
}

function readCondition(key: string, value: unknown, reading: FilterReading): Condition {
  const [, sign = '', field = ''] = /^([^A-Za-z0-9]*)(.*)$/s.exec(key) ?? [];
  const operator = OPERATORS.get(sign);
  if (!operator || !reading.knowsField(field)) {
    throw invalidArgument(`Invalid filter: field '${field}' is not allowed in filter`);
  }
  const listed = '=!@'.includes(operator.slice(-1)) && !/[<>]/.test(operator) && isPhpArray(value);
  const values = listed ? phpEntries(value).map(([, inner]) => inner) : [value];
  const inList = operator === '=' ? '@' : operator === '!=' ? '!@' : operator;
  return {
    field,
    operator: listed ? inList : operator,
    values: values.map((inner) => readValue(field, inner, reading)),
  };
}

/** Numbers as numbers, anything else as text; nothing is the same as an empty text. */
function compare(actual: unknown, wanted: string | number): number {
  const text = phpString(actual ?? '');
  const other = String(wanted);
  if (text !== '' && other !== '' && !Number.isNaN(Number(text)) && !Number.isNaN(Number(other))) {
    return Number(text) - Number(other);
  }
  return text === other ? 0 : text < other ? -1 : 1;
}

function holds({ field, operator, values }: Condition, object: StoredObject): boolean {
  const actual = valueOf(object, field);
  const [wanted = ''] = values;
  switch (operator) {
    case '=':
      return compare(actual, wanted) === 0;
    case '!=':
      return compare(actual, wanted) !== 0;
    case '>':
      return compare(actual, wanted) > 0;
    case '<':
      return compare(actual, wanted) < 0;
    case '>=':
      return compare(actual, wanted) >= 0;
    case '<=':
      return compare(actual, wanted) <= 0;
    case '@':
      return values.some((value) => compare(actual, value) === 0);
    case '!@':
      return !values.some((value) => compare(actual, value) === 0);
    case '%':
      return phpString(actual).toLowerCase().includes(String(wanted).toLowerCase());
    case '!%':
      return !phpString(actual).toLowerCase().includes(String(wanted).toLowerCase());
  }
}

function rangeOf(conditions: readonly Condition[], field: string): Range {
  let first = -Infinity;
  let last = Infinity;
  for (const { operator, values } of conditions.filter((condition) => condition.field === field)) {
    const value = Number(values[0]);
    if (operator === '>') first = Math.max(first, value + 1);
    if (operator === '>=' || operator === '=') first = Math.max(first, value);
    if (operator === '<') last = Math.min(last, value - 1);
    if (operator === '<=' || operator === '=') last = Math.min(last, value);
  }
  return { first, last };
}

/** @throws RestError 400 INVALID_ARG_VALUE for an unknown field or operator, or an unreadable value */
export function readFilter(filter: unknown, reading: FilterReading): ItemFilter {
  const entries = isPhpArray(filter) ? phpEntries(filter) : [];
  const conditions = entries.map(([key, value]) => readCondition(key, value, reading));
  const idRange = rangeOf(conditions, 'id');
  const updatedRange = rangeOf(conditions, 'updatedTime');
  const listed = conditions.find(({ field, operator }) => field === 'id' && operator === '@');
  const ids = listed ? [...new Set(listed.values.map(Number))].sort((a, b) => a - b) : null;
  // What the index and the list answer already is not asked of every object again.
  const others = conditions.filter(
    (condition) =>
      condition !== listed &&
      !(['id', 'updatedTime'].includes(condition.field) && /^(=|[<>]=?)$/.test(condition.operator)),
  );
  const within = (value: number, { first, last }: Range): boolean => value >= first && value <= last;
  return {
    ids,
    idRange,
    updatedRange,
    matches: (object) =>
      within(object.id, idRange) &&
      within(object.updatedAt, updatedRange) &&
      others.every((condition) => holds(condition, object)),
  };
}

/** @throws RestError 400 INVALID_ARG_VALUE for an unknown field or direction */
export function readOrder(order: unknown, { knowsField }: FilterReading): ItemOrder[] {
  if (!isPhpArray(order)) return [];
  return phpEntries(order).map(([field, direction]) => {
    if (!knowsField(field)) {
      throw invalidArgument(`Invalid order: field '${field}' is not allowed in order`);
    }
    const word = phpString(direction).toUpperCase();
    if (word !== 'ASC' && word !== 'DESC') {
      throw invalidArgument(
        `Invalid order: allowed sort directions are \`ASC, DESC\`. But got '${phpString(direction)}' for field '${field}'`,
      );
    }
    return { field, descending: word === 'DESC' };
  });
}

/** Compares objects by an order, and by id where that says nothing. */
export function comparator(order: readonly ItemOrder[]): (a: StoredObject, b: StoredObject) => number {
  return (a, b) => {
    for (const { field, descending } of order) {
      const other = valueOf(b, field);
      const difference = compare(valueOf(a, field), typeof other === 'number' ? other : phpString(other));
      if (difference !== 0) return descending ? -difference : difference;
    }
    return a.id - b.id;
  };
}
