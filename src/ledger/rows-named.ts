import { sql } from 'kysely';
import { dialectSpoken } from '../database/dialect.js';
import { asJson } from './lists.js';
import { type Db } from './transitions.js';

/** What names a delivery, now or formerly. */
export interface DeliveryName {
  readonly memberId: string;
  readonly processId: string;
  readonly messageId: string;
}

/** Names in one statement; other work is done before the next. */
const PART = 2000;

/**
 * The rows of a table that these names stand for, by one index lookup for each name, however many batches they are
 * of: consumers choose the names in their replies.
 * @param columns of the table that are wanted
 */
export async function rowsNamed<Row>(
  db: Db,
  table: 'deliveries' | 'former_process_ids',
  columns: readonly (keyof Row & string)[],
  names: readonly DeliveryName[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let at = 0; at < names.length; at += PART) {
    const part = names.slice(at, at + PART);
    const { rows: found } = await (dialectSpoken(db) === 'sqlite' ? inSqlite : inPostgres)<Row>(
      table,
      columns,
      part,
    ).execute(db);
    for (const row of found) rows.push(row);
  }
  return rows;
}

/** A cross join keeps its order: names first, then the index. */
function inSqlite<Row>(table: string, columns: readonly string[], names: readonly DeliveryName[]) {
  const list = asJson(names.map(({ memberId, processId, messageId }) => [memberId, processId, messageId]));
  return sql<Row>`select ${listed(columns)} from json_each(${list}) as named cross join ${sql.table(table)} as known
    where known.member_id = named.value ->> 0 and known.process_id = named.value ->> 1
      and known.message_id = named.value ->> 2`;
}

/** Lateral with a limit, so that no estimate can lead to a scan of the whole table. */
function inPostgres<Row>(table: string, columns: readonly string[], names: readonly DeliveryName[]) {
  const column = (key: keyof DeliveryName) => names.map((name) => name[key]);
  return sql<Row>`select ${listed(columns)}
    from unnest(${column('memberId')}::text[], ${column('processId')}::text[], ${column('messageId')}::text[])
      as named(member_id, process_id, message_id)
    cross join lateral (
      select * from ${sql.table(table)} as one
      where one.member_id = named.member_id and one.process_id = named.process_id
        and one.message_id = named.message_id limit 1
    ) as known`;
}

function listed(columns: readonly string[]) {
  return sql.join(columns.map((column) => sql.ref(`known.${column}`)));
}
