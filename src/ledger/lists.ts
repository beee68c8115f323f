import { type Expression, sql, type SqlBool } from 'kysely';
import { dialectSpoken } from '../database/dialect.js';
import { type Db } from './transitions.js';

/**
 * Whether a column's value is in a list. The list travels as one value however long it is, so a statement has one
 * text, which the database needs to read only once, and no limit on bound values.
 */
export function among(
  db: Db,
  column: 'seq' | 'message_id' | 'row_id',
  list: readonly (string | number)[],
): Expression<SqlBool> {
  return dialectSpoken(db) === 'sqlite'
    ? sql`${sql.ref(column)} in (select value from json_each(${asJson(list)}))`
    : sql`${sql.ref(column)} = any(${list})`;
}

/**
 * A list of values, or of rows of values, as JSON that stores the texts as binding them one by one would: half a
 * surrogate pair has no encoding and becomes a replacement character.
 */
export function asJson(list: readonly unknown[]): string {
  const text = JSON.stringify(list);
  return text.includes('\\ud') ? JSON.stringify(list, wellFormed) : text;
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}
