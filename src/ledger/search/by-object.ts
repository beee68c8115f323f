import { type RawBuilder, sql } from 'kysely';
import { dialectSpoken } from '../../database/dialect.js';
import { type Db } from '../transitions.js';

/** Events whose objects stand together in the indexes by object; see the migration 0033-narrow-indexes. */
const PART = sql.lit(4096);

/** The condition that an event is of this object: looked up in each part of the index that has any event. */
export function ofObject(db: Db, table: 'deliveries' | 'history', objectId: string): RawBuilder<boolean> {
  const from = sql.table(table);
  const parts = sql`with recursive parts(part) as (
      select min(seq) / ${PART} from ${from}
      union all
      select (select min(seq) / ${PART} from ${from} where seq >= (part + 1) * ${PART}) from parts where part is not null)
    select part from parts where part is not null`;
  const among = dialectSpoken(db) === 'sqlite' ? sql`in (${parts})` : sql`= any(array(${parts}))`;
  // Word for word the condition of the partial indexes, from which SQLite concludes that they apply.
  const some = table === 'history' ? sql`object_id is not null` : sql`object_id > ''`;
  return sql<boolean>`(seq / ${PART}) ${among} and object_id = ${objectId} and ${some}`;
}
