import { sql, type SqlBool, type Transaction } from 'kysely';
import { type Database } from './database.js';
import { migrate } from './migrate.js';
import { type DeliveryState, type Schema } from './schema.js';

/** The copy was not begun, or was taken back. `message` says why. */
export class CopyRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CopyRefused';
  }
}

/** What was copied. */
export interface Copied {
  /** Rows by table. */
  readonly rows: Readonly<Record<TableCopied, number>>;
  readonly deliveriesByState: Readonly<Partial<Record<DeliveryState, number>>>;
  /** The next delivery gets a number above this one. */
  readonly lastSeq: number;
}

/**
 * Tables that speak of running processes, those of the source are none of the target's; and what PostgreSQL notes of the
 * portals by itself.
 */
type TableLeft = 'replicas' | 'leases' | 'portal_changes' | 'portal_total';
type TableCopied = Exclude<keyof Schema, TableLeft | 'identity'>;
/** The compiler asks for every other table of the schema. */
const NO_ROWS: Readonly<Record<TableCopied, number>> = {
  portals: 0,
  offered_tokens: 0,
  deliveries: 0,
  journal: 0,
  former_process_ids: 0,
  ended_sessions: 0,
  audit: 0,
  idempotency_keys: 0,
  bulk_tasks: 0,
  bulk_task_deliveries: 0,
  reasons: 0,
  portal_numbers: 0,
  event_codes: 0,
  history_batches: 0,
  history: 0,
  event_log: 0,
  object_states: 0,
  snapshots: 0,
  snapshot_types: 0,
  reconciled_types: 0,
  reconciled_portals: 0,
  seen_objects: 0,
  silent_spells: 0,
  missed_changes: 0,
};
const TABLES = Object.keys(NO_ROWS) as TableCopied[];
/** Tables whose rows get numbers, and the column. */
const NUMBERED: readonly (readonly [TableCopied, string])[] = [
  ['deliveries', 'seq'],
  ['reasons', 'no'],
  ['portal_numbers', 'no'],
  ['event_codes', 'no'],
  ['history_batches', 'no'],
  ['event_log', 'no'],
  ['audit', 'id'],
  ['snapshots', 'no'],
  ['reconciled_types', 'no'],
  ['silent_spells', 'no'],
  ['missed_changes', 'no'],
];
/** PostgreSQL takes 65,535 parameters in one statement. */
const ROWS_AT_ONCE = 1000;

/**
 * Copies everything from a SQLite database to an empty PostgreSQL one, as it is: sealed tokens stay sealed, deliveries
 * keep their `seq` and the next one counts on. Both are brought up to date first. Neither can be written meanwhile,
 * and the target has everything or, where this throws, nothing. The caller makes sure that no service runs on the source.
 *
 * @throws {CopyRefused} when a bridge runs on the target, when that holds anything, or did not get all there was
 * @throws the driver's error
 */
export async function copyDatabase(source: Database, target: Database): Promise<Copied> {
  if (source.dialect !== 'sqlite' || target.dialect !== 'postgres') {
    throw new CopyRefused('a copy goes from SQLite to PostgreSQL');
  }
  // Before its schema is touched: a database in use is none of our business.
  await requireUnused(target);
  await migrate(source);
  await migrate(target);
  return source.db.transaction().execute((from) =>
    target.db.transaction().execute(async (into) => {
      await sql`lock table ${sql.join(TABLES.map((table) => sql.table(table)))} in exclusive mode`.execute(
        into,
      );
      await requireUnused({ ...target, db: into });
      for (const table of TABLES) await copyTable(from, into, table);
      await takeIdentity(from, into);
      const lastSeq = await continueNumbers(from, into);
      return { rows: await compare(from, into), deliveriesByState: await statesOf(into), lastSeq };
    }),
  );
}

async function requireUnused({ db }: Database): Promise<void> {
  const present = new Set((await db.introspection.getTables()).map(({ name }) => name));
  if (present.has('replicas')) {
    const running = await db
      .selectFrom('replicas')
      .select('id')
      .where('beat_until', '>', sql<number>`extract(epoch from clock_timestamp()) * 1000`)
      .execute();
    if (running.length > 0) throw new CopyRefused('a bridge is running on the target: stop it first');
  }
  for (const table of TABLES.filter((name) => present.has(name))) {
    if ((await countRows(db, table)) > 0) {
      throw new CopyRefused(`the target is not empty: there are rows in ${table}`);
    }
  }
}

async function copyTable(
  from: Transaction<Schema>,
  into: Transaction<Schema>,
  table: TableCopied,
): Promise<void> {
  if (table === 'seen_objects') return copySeen(from, into);
  const place = sql<number>`rowid`;
  for (let after = 0; ;) {
    const rows = await from
      .selectFrom(table)
      .selectAll()
      .select(place.as('place'))
      .where(place, '>', after)
      .orderBy(place)
      .limit(ROWS_AT_ONCE)
      .execute();
    if (rows.length === 0) return;
    after = rows.at(-1)?.place ?? after;
    await into
      .insertInto(table)
      .values(rows.map(({ place: _place, ...row }) => row))
      .execute();
  }
}

/** The one table that has no rows' numbers. */
async function copySeen(from: Transaction<Schema>, into: Transaction<Schema>): Promise<void> {
  for (let [typeNo, objectId] = [0, 0]; ;) {
    const rows = await from
      .selectFrom('seen_objects')
      .selectAll()
      .where(sql<SqlBool>`(type_no, object_id) > (${typeNo}, ${objectId})`)
      .orderBy('type_no')
      .orderBy('object_id')
      .limit(ROWS_AT_ONCE)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    [typeNo, objectId] = [last.type_no, last.object_id];
    await into.insertInto('seen_objects').values(rows).execute();
  }
}

/** What RabbitMQ knows as one database goes on as the same one, whatever the target was called. */
async function takeIdentity(from: Transaction<Schema>, into: Transaction<Schema>): Promise<void> {
  const rows = await from.selectFrom('identity').selectAll().execute();
  if (rows.length === 0) return;
  await into.deleteFrom('identity').execute();
  await into.insertInto('identity').values(rows).execute();
}

/** Numbers once given are not given again, not even those of deliveries that were purged. */
async function continueNumbers(from: Transaction<Schema>, into: Transaction<Schema>): Promise<number> {
  let lastSeq = 0;
  for (const [table, column] of NUMBERED) {
    const { rows } = await sql<{
      seq: number;
    }>`select seq from sqlite_sequence where name = ${table}`.execute(from);
    const last = rows[0]?.seq ?? 0;
    if (last > 0)
      await sql`select setval(pg_get_serial_sequence(${table}, ${column}), ${last})`.execute(into);
    if (table === 'deliveries') lastSeq = last;
  }
  return lastSeq;
}

async function compare(
  from: Transaction<Schema>,
  into: Transaction<Schema>,
): Promise<Record<TableCopied, number>> {
  const rows = { ...NO_ROWS };
  for (const table of TABLES) {
    const [there, here] = [await countRows(from, table), await countRows(into, table)];
    if (there !== here) throw new CopyRefused(`of ${there} rows in ${table} ${here} arrived`);
    rows[table] = here;
  }
  return rows;
}

async function countRows(db: Database['db'], table: TableCopied): Promise<number> {
  const { rows } = await db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as('rows'))
    .executeTakeFirstOrThrow();
  return Number(rows);
}

async function statesOf(db: Transaction<Schema>): Promise<Partial<Record<DeliveryState, number>>> {
  const counts = await db
    .selectFrom('deliveries')
    .select(['state', (eb) => eb.fn.countAll<number>().as('rows')])
    .groupBy('state')
    .orderBy('state')
    .execute();
  return Object.fromEntries(counts.map(({ state, rows }) => [state, Number(rows)]));
}
