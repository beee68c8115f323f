import { type RawBuilder, sql } from 'kysely';
import { type Database } from '../../src/database/database.js';
import { OUTCOME_NUMBERS } from '../../src/ledger/history/history-outcome.js';
import { fold } from '../../src/ledger/history/fold.js';
import { keyOf } from '../../src/ledger/history/reasons.js';

/** What a made-up past is like. */
export interface PastOptions {
  readonly events: number;
  /** Member ids. All of them have as many events but the last, which has one batch of long ago. */
  readonly portals: readonly string[];
  /** Distinct reasons; one event in a hundred has one. */
  readonly reasons: number;
  /** When the last of them was settled, Unix ms. */
  readonly until: number;
}

/** Of each as many events, but the last: of that there are few. */
export const CODES = [
  'ONCRMDEALUPDATE',
  'ONCRMDEALADD',
  'ONCRMCONTACTUPDATE',
  'ONCRMLEADADD',
  'ONTASKUPDATE',
  'ONCRMCOMPANYADD',
] as const;
const OBJECTS = 200_000;
const BATCH = 500;
/** A million events in nearly a week. */
export const STEP_MS = 600;
/** One event in so many failed once, was retried by hand, died, was given up, has the code that few have. */
export const EVERY = { failed: 100, retried: 500, dead: 1000, discarded: 5000, rare: 100_000 } as const;
/** Events that one transaction writes. */
const SLICE = 50_000;

/** A member id as portals have them, that no portal has. */
export const memberOf = (portal: number) => `member${String(portal).padStart(26, '0')}`;
export const reasonOf = (reason: number) =>
  `клиент ${reason} не найден: customer ${reason} is unknown to the shop`;
/** The process id of the batch in which an event of the past, counted from 1, was. */
export const processOf = (event: number) => String(batchOf(event)).padStart(32, '0');
/** Index of its portal. */
export const portalOf = (event: number, portals: number) =>
  batchOf(event) === 1 ? portals - 1 : batchOf(event) % (portals - 1);
export const objectOf = (event: number) => (event * 7919) % OBJECTS;
/** When it changed, Unix seconds. */
export const changedAt = (event: number, { events, until }: Pick<PastOptions, 'events' | 'until'>) =>
  Math.floor((until - (events - event) * STEP_MS) / 1000) - 90;

const batchOf = (event: number) => Math.floor((event - 1) / BATCH) + 1;

/**
 * Fills an empty history, set by set: portals and codes evenly, objects in no order. Rows and log are what the service
 * writes of events of which most were delivered at once.
 */
export async function fillHistory(database: Database, options: PastOptions): Promise<void> {
  const { db, dialect } = database;
  await fillTexts(database, options);
  const { events, portals, reasons, until } = options;
  const every = (each: keyof typeof EVERY) => sql`i % ${sql.lit(EVERY[each])} = 0`;
  const outcome = (name: keyof typeof OUTCOME_NUMBERS) => sql.lit(OUTCOME_NUMBERS[name]);
  const batch = sql`((i - 1) / ${sql.lit(BATCH)} + 1)`;
  const portal = sql`(case when ${batch} = 1 then ${sql.lit(portals.length)}
    else ${batch} % ${sql.lit(portals.length - 1)} + 1 end)`;
  const settled = sql`(${lit(dialect, until - events * STEP_MS)} + i * ${sql.lit(STEP_MS)})`;
  const changed = sql`(${settled} / 1000 - 90)`;
  const reason = sql`(case when ${every('failed')} then (i / 100) % ${sql.lit(reasons)} + 1 end)`;
  const process = padded(dialect, batch);
  for (let from = 1; from <= events; from += SLICE) {
    const to = Math.min(events, from + SLICE - 1);
    await db.transaction().execute(async (tx) => {
      await sql`insert into history_batches (process_id, portal_no)
        select distinct ${process}, ${portal} from ${series(dialect, from, to)} order by 1
        on conflict do nothing`.execute(tx);
      await sql`insert into history (seq, portal_no, code_no, batch_no, object_id, row_id, changed_at, reserved_at,
          published_at, settled_at, outcome, attempts, reason_no)
        select i, ${portal},
          case when ${every('rare')} then ${sql.lit(CODES.length)} else i % ${sql.lit(CODES.length - 1)} + 1 end,
          ${batch}, cast((i * 7919) % ${sql.lit(OBJECTS)} as text), cast(i as text), ${changed}, ${settled} - 61600,
          ${settled} - 61500, ${settled},
          case when ${every('discarded')} then ${outcome('discarded')} when ${every('dead')} then ${outcome('dead')}
            when ${every('failed')} then ${outcome('processed')} else ${outcome('silent')} end,
          case when ${every('failed')} then 2 else 1 end, ${reason}
        from ${series(dialect, from, to)}`.execute(tx);
      const steps = (what: string, when: RawBuilder<unknown>, ms: number, by: string | null) =>
        sql`insert into event_log (member_id, row_id, changed_at, process_id, what, at, attempt, reserved_at,
            published_at, via, reason_no, by_whom)
          select (select member_id from portal_numbers where no = ${portal}), cast(i as text), ${changed}, ${process},
            ${sql.lit(what)}, ${settled} - ${sql.lit(ms)}, 1,
            ${what === 'failed' ? sql`${settled} - 61600` : sql`null`},
            ${what === 'failed' ? sql`${settled} - 61500` : sql`null`},
            ${what === 'failed' ? sql`'reply'` : sql`null`}, ${reason}, ${by === null ? sql`null` : sql.lit(by)}
          from ${series(dialect, from, to)} where ${when}`.execute(tx);
      await steps('failed', every('failed'), 60_000, null);
      await steps('retried', every('retried'), 30_000, 'alice');
    });
  }
  await numberFrom(database, events + 1);
  if (dialect === 'postgres') await sql`vacuum analyze`.execute(db);
}

/** Deliveries of the last hour, whose records are kept for late failures: `count` of them, all processed and cleared. */
export async function fillLedger(database: Database, options: PastOptions, count: number): Promise<void> {
  const { db, dialect } = database;
  const { events, portals, until } = options;
  await db.transaction().execute(async (tx) => {
    await sql`insert into deliveries (seq, member_id, process_id, message_id, row_id, changed_at, event, payload, user_id,
        state, state_at, held, source_key, errored, attempt, attempts_before, reserved_at, published_at, silent, object_id)
      select i, (select member_id from portal_numbers where no = i % ${sql.lit(portals.length - 1)} + 1),
        ${padded(dialect, sql`((i - 1) / ${sql.lit(BATCH)} + 1)`)}, ${padded(dialect, sql`i`)}, cast(i as text),
        ${lit(dialect, Math.floor(until / 1000))}, ${sql.lit(CODES[0])},
        '{"FIELDS":{"ID":"' || cast((i * 7919) % ${sql.lit(OBJECTS)} as text) || '"}}', '1', 'processed',
        ${lit(dialect, until)}, 0, '', 0, 1, 0, ${lit(dialect, until)}, ${lit(dialect, until)}, 1,
        cast((i * 7919) % ${sql.lit(OBJECTS)} as text)
      from ${series(dialect, events + 1, events + count)}`.execute(tx);
  });
  await numberFrom(database, events + count + 1);
  if (dialect === 'postgres') await sql`vacuum analyze deliveries`.execute(db);
}

/** Bytes that a database takes. */
export async function sizeOf({ db, dialect }: Pick<Database, 'db' | 'dialect'>): Promise<number> {
  const { rows } =
    dialect === 'postgres'
      ? await sql<{ size: number }>`select pg_database_size(current_database()) as size`.execute(db)
      : await sql<{
          size: number;
        }>`select page_count * page_size as size from pragma_page_count(), pragma_page_size()`.execute(db);
  return Number(rows[0]?.size ?? 0);
}

async function fillTexts({ db }: Database, { portals, reasons, until }: PastOptions): Promise<void> {
  // One by one, so that their numbers are those of their places.
  await db.transaction().execute(async (tx) => {
    for (const member of portals)
      await tx.insertInto('portal_numbers').values({ member_id: member }).execute();
    for (const code of CODES) await tx.insertInto('event_codes').values({ code }).execute();
    for (let reason = 1; reason <= reasons; reason += 1) {
      const text = reasonOf(reason);
      const folded = fold(text);
      await tx
        .insertInto('reasons')
        .values({ text, folded, text_key: keyOf(text), fold_key: keyOf(folded), used_at: until })
        .execute();
    }
  });
}

/** What is delivered from here on has later numbers than the past. */
async function numberFrom({ db, dialect }: Database, next: number): Promise<void> {
  if (dialect === 'postgres') {
    await sql`select setval(pg_get_serial_sequence('deliveries', 'seq'), ${next}, false)`.execute(db);
    return;
  }
  await sql`delete from sqlite_sequence where name = 'deliveries'`.execute(db);
  await sql`insert into sqlite_sequence (name, seq) values ('deliveries', ${next - 1})`.execute(db);
}

/** The numbers `i` from one to another. */
function series(dialect: Database['dialect'], from: number, to: number): RawBuilder<unknown> {
  return dialect === 'sqlite'
    ? // Bound, they would be fractions, and so would be all that is computed from them.
      sql`(with recursive n(i) as (select ${sql.lit(from)} union all select i + 1 from n where i < ${sql.lit(to)}) select i from n) as n`
    : sql`generate_series(cast(${from} as bigint), cast(${to} as bigint)) as n(i)`;
}

function padded(dialect: Database['dialect'], number: RawBuilder<unknown>): RawBuilder<unknown> {
  return dialect === 'sqlite' ? sql`printf('%032d', ${number})` : sql`lpad(cast(${number} as text), 32, '0')`;
}

/** A large number, which PostgreSQL would else take for a small one's type. */
function lit(dialect: Database['dialect'], value: number): RawBuilder<unknown> {
  return dialect === 'sqlite' ? sql`${sql.lit(value)}` : sql`cast(${sql.lit(value)} as bigint)`;
}
