import { type RawBuilder, sql } from 'kysely';
import { dialectSpoken } from '../../database/dialect.js';
import { asJson } from '../lists.js';
import { type Db } from '../transitions.js';

/** A change of a row on a portal. */
export interface RowChange {
  readonly rowId: string;
  /** Unix seconds. */
  readonly changedAt: number;
}

/** Whether a row is one of these changes. Looked up by when they happened, for which both tables have an index. */
export function amongChanges(db: Db, changes: readonly RowChange[]): RawBuilder<boolean> {
  const list = asJson(changes.map(({ rowId, changedAt }) => [rowId, changedAt]));
  if (dialectSpoken(db) === 'sqlite')
    return sql<boolean>`changed_at in (select value ->> 1 from json_each(${list}))
      and (row_id, changed_at) in (select value ->> 0, value ->> 1 from json_each(${list}))`;
  const times = [...new Set(changes.map(({ changedAt }) => changedAt))];
  return sql<boolean>`changed_at = any(${times}) and (row_id, changed_at) in
    (select value ->> 0, cast(value ->> 1 as bigint) from json_array_elements(cast(${list} as json)) as rows (value))`;
}
