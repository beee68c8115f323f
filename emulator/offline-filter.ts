import { isPhpArray, phpEntries, phpInt, phpString } from './php.js';
import { argumentError } from './rest-error.js';
import { type Row } from './offline-row.js';

type Column = 'ID' | 'TIMESTAMP_X' | 'EVENT_NAME' | 'MESSAGE_ID' | 'PROCESS_ID' | 'ERROR';
type Operator = '=' | '>' | '<' | '>=' | '<=';

export interface Condition {
  readonly column: Column;
  readonly operator: Operator;
  readonly value: string | number;
}

export interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

/** Columns that `event.offline.get` may filter and order by. */
export const GET_COLUMNS: readonly Column[] = ['ID', 'TIMESTAMP_X', 'EVENT_NAME', 'MESSAGE_ID'];
/** Columns that `event.offline.list` may filter and order by. */
export const LIST_COLUMNS: readonly Column[] = [...GET_COLUMNS, 'PROCESS_ID', 'ERROR'];

const OPERATORS: readonly string[] = ['', '=', '>', '<', '>=', '<='];
const NUMERIC: readonly Column[] = ['ID', 'TIMESTAMP_X', 'ERROR'];

function conditionValue(column: Column, key: string, value: unknown): string | number {
  if (isPhpArray(value)) throw argumentError(`The value of an argument '${key}' has an invalid type`);
  if (column !== 'TIMESTAMP_X') return NUMERIC.includes(column) ? phpInt(value) : phpString(value);
  const text = phpString(value);
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw argumentError(`Incorrect date/time: ${text}`);
  return Math.floor(milliseconds / 1000);
}

/**
 * Reads a filter: an operator stands before the column's name.
 * @throws RestError 400 ERROR_ARGUMENT for another operator, an unknown column or an array as value
 */
export function parseFilter(filter: unknown, columns: readonly Column[]): Condition[] {
  if (filter === undefined || filter === null) return [];
  if (!isPhpArray(filter)) throw argumentError('The filter is not an array.');
  return phpEntries(filter).map(([rawKey, value]) => {
    const key = rawKey.toUpperCase();
    const [, operator = '', name = ''] = /^([^A-Z]*)(.*)$/s.exec(key) ?? [];
    if (!OPERATORS.includes(operator)) throw argumentError(`Filter operation not allowed: ${operator}`);
    const column = columns.find((candidate) => candidate === name);
    if (!column) throw argumentError(`Filter field not allowed: ${name}`);
    return {
      column,
      operator: (operator === '' ? '=' : operator) as Operator,
      value: conditionValue(column, key, value),
    };
  });
}

/**
 * Reads an order: `{ID: 'ASC'}`, or a list of columns.
 * @throws RestError 400 ERROR_ARGUMENT for an unknown column or direction
 */
export function parseOrder(order: unknown, columns: readonly Column[], otherwise: Column): Order[] {
  if (order === undefined || order === null) return [{ column: otherwise, descending: false }];
  if (!isPhpArray(order)) throw argumentError('The order is not an array.');
  return phpEntries(order).map(([key, direction]) => {
    const listed = /^\d+$/.test(key);
    const name = listed ? phpString(direction) : key.toUpperCase();
    const column = columns.find((candidate) => candidate === name);
    if (!column) throw argumentError(`Order field not allowed: ${name}`);
    const word = listed ? 'ASC' : phpString(direction).toUpperCase();
    if (word !== 'ASC' && word !== 'DESC') {
      throw argumentError('Order direction should be one of {ASC|DESC}');
    }
    return { column, descending: word === 'DESC' };
  });
}

export function matches(row: Row, conditions: readonly Condition[]): boolean {
  return conditions.every(({ column, operator, value }) => {
    const actual = row[column];
    switch (operator) {
      case '=':
        return actual === value;
      case '>':
        return actual > value;
      case '<':
        return actual < value;
      case '>=':
        return actual >= value;
      case '<=':
        return actual <= value;
    }
  });
}

export function comparator(order: readonly Order[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { column, descending } of order) {
      const left = a[column];
      const right = b[column];
      if (left === right) continue;
      return left < right === descending ? 1 : -1;
    }
    return a.ID - b.ID;
  };
}
