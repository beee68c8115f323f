import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { runFolder } from './template.js';

/**
 * Migrated databases on a server, lent to one suite after the other: to create one takes the server longer than most
 * suites do. Each has a file in the run's folder, `free-<name>` or `lent-<name>`, by which workers take it and the end of
 * the run removes it. In the file stands what the database was like when it was new: one that does not come back
 * like that is lent to nobody.
 */

/** One that left more dead rows than this is slower than a new one. */
const DEAD_ROWS = 20_000;

/** A way to connect to a database by its name, and to end that. */
export type WithClient = <T>(url: string, work: (client: pg.Client) => Promise<T>) => Promise<T>;

/** The name of a database that is free from now on for nobody else; null where none is. */
export function takeFree(): string | null {
  for (const entry of readdirSync(runFolder())) {
    if (!entry.startsWith('free-')) continue;
    const name = entry.slice('free-'.length);
    try {
      renameSync(fileOf('free', name), fileOf('lent', name));
      return name;
    } catch {
      // Another worker has taken it.
    }
  }
  return null;
}

/** Migrates a database that is to be lent, and notes what it is like. */
export async function prepare(name: string, url: string, connected: WithClient): Promise<void> {
  const database = openDatabase(url);
  await migrate(database).finally(() => database.db.destroy());
  writeFileSync(fileOf('lent', name), JSON.stringify(await connected(url, stateOf)));
}

/** Notes that a database is about to be created, so that the end of the run removes it in any case. */
export function note(name: string, serverUrl: string): void {
  writeFileSync(join(runFolder(), 'server'), serverUrl);
  writeFileSync(fileOf('lent', name), '');
}

/** Empties a database and lets others have it. False where it is not as it was: then it is to be dropped. */
export async function giveBack(name: string, url: string, connected: WithClient): Promise<boolean> {
  const isAsNew = await connected(url, (client) => renew(client, readFileSync(fileOf('lent', name), 'utf8')));
  if (isAsNew) renameSync(fileOf('lent', name), fileOf('free', name));
  return isAsNew;
}

/** Forgets one that was dropped. */
export function forget(name: string): void {
  rmSync(fileOf('lent', name));
}

const fileOf = (state: 'free' | 'lent', name: string) => join(runFolder(), `${state}-${name}`);

interface State {
  /** Tables, indexes, triggers and functions. */
  readonly schema: string;
  /** Rows by table; empty ones too. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
}

async function renew(client: pg.Client, noted: string): Promise<boolean> {
  const { rows } = JSON.parse(noted) as State;
  const { rows: dead } = await client.query<{ count: string | null }>(
    'select sum(n_dead_tup + n_live_tup) as count from pg_stat_user_tables',
  );
  if (Number(dead[0]?.count) > DEAD_ROWS) return false;
  await client.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`);
  const emptied = Object.keys(rows).filter((table) => rows[table]?.length === 0);
  await client.query(emptied.map((table) => `delete from "${table}"`).join(';'));
  await client.query(`
    select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) from pg_sequences
    where last_value is not null`);
  return JSON.stringify(await stateOf(client)) === noted;
}

async function stateOf(client: pg.Client): Promise<State> {
  // Rows are counted by `analyze`, and plans follow what it found.
  const { rows: schema } = await client.query<{ state: string }>(`
    select string_agg(line, ' ' order by line) as state from (
      select concat_ws(':', relname, relkind, relnatts, reltuples > 0) from pg_class
        where relnamespace = 'public'::regnamespace
      union all select concat_ws(':', tgname, tgrelid::regclass, tgenabled) from pg_trigger
      union all select concat_ws(':', proname, prosrc) from pg_proc where pronamespace = 'public'::regnamespace
    ) as lines (line)`);
  const { rows: tables } = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  );
  const selects = tables.map(({ name }) => `select '${name}' as name, t::text as line from "${name}" t`);
  const { rows: lines } = await client.query<{ name: string; line: string }>(
    `${selects.join(' union all ')} order by 1, 2`,
  );
  const rows = Object.fromEntries(
    tables.map(({ name }) => [name, lines.filter((one) => one.name === name).map(({ line }) => line)]),
  );
  return { schema: schema[0]?.state ?? '', rows };
}
