import { type RawBuilder, sql, type SqlBool } from 'kysely';
import { dialectSpoken } from '../database/dialect.js';
import { type Db } from './transitions.js';

/**
 * Whether a column's value is in a list. The list travels as one value however long it is, so a statement has one
 * text, which the database needs to read only once, and no limit on bound values.
 */
export function among(
  db: Db,
  column: 'seq' | 'message_id' | 'row_id' | 'delivery_seq' | 'reason_no' | 'object_id',
  list: readonly (string | number)[],
  table?: string,
): RawBuilder<SqlBool> {
  const name = sql.ref(table === undefined ? column : `${table}.${column}`);
  return dialectSpoken(db) === 'sqlite'
    ? sql`${name} in (select value from json_each(${asJson(list)}))`
    : sql`${name} = any(${list})`;
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

/** A list of rows that travels as one value, as the rows of a FROM clause: each is `value`, as JSON. */
export function jsonRows(db: Db, list: string): RawBuilder<unknown> {
  // Without a condition SQLite would take "on conflict" for a join's "on".
  return dialectSpoken(db) === 'sqlite'
    ? sql`json_each(${list}) where true`
    : sql`json_array_elements(cast(${list} as json)) as rows (value)`;
}
