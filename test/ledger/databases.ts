import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { sql } from 'kysely';
import pg from 'pg';
import { type Database, openDatabase } from '../../src/database/database.js';
import { forget, giveBack, note, prepare, takeFree, type WithClient } from './lent-databases.js';
import { copyMigratedFile, openMigratedInMemory } from './template.js';

/** A database of its own that a suite may do anything with. */
export interface TestDatabase {
  /** A `DATABASE_URL`. */
  readonly url: string;
  remove(): Promise<void>;
}

/** One kind of database that the ledger runs on. */
export interface DatabaseKind {
  readonly name: string;
  /** Whether a second connection can open what the first one wrote. */
  readonly shared: boolean;
  /** Whether it lives in our process: one connection, through which one writer comes at a time. */
  readonly embedded: boolean;
  create(): Promise<TestDatabase>;
}

/** A kind that can be there, migrated, before it is opened. */
export interface SharedKind extends DatabaseKind {
  createMigrated(): Promise<TestDatabase>;
}

const IN_MEMORY = { url: 'file::memory:', remove: () => Promise.resolve() };

const memory: DatabaseKind = {
  name: 'SQLite in memory',
  shared: false,
  embedded: true,
  create: () => Promise.resolve(IN_MEMORY),
};

export const file: SharedKind = {
  name: 'SQLite in a file',
  shared: true,
  embedded: true,
  create: () => Promise.resolve(inFolder().place),
  createMigrated: async () => {
    const { path, place } = inFolder();
    await copyMigratedFile(path);
    return place;
  },
};

function inFolder(): { readonly path: string; readonly place: TestDatabase } {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  const path = join(folder, 'bridge.db');
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    return Promise.resolve();
  };
  return { path, place: { url: `file:${path}`, remove } };
}

const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres:postgres@127.0.0.1:5432/postgres';

export const postgres: SharedKind = {
  name: 'PostgreSQL',
  shared: true,
  embedded: false,
  create: async () => {
    const name = newName();
    await create(name);
    return { url: urlOf(name), remove: () => drop(name) };
  },
  createMigrated: async () => {
    const name = takeFree() ?? (await createLent());
    const url = urlOf(name);
    const remove = async () => {
      if (await giveBack(name, url, connected)) return;
      await drop(name);
      forget(name);
    };
    return { url, remove };
  },
};

async function createLent(): Promise<string> {
  const name = newName();
  note(name, POSTGRES_URL);
  await create(name);
  await prepare(name, urlOf(name), connected);
  return name;
}

const newName = () => `ledger_test_${randomBytes(8).toString('hex')}`;
const create = (name: string) => administer(`create database ${name} template template0`);
const drop = (name: string) => administer(`drop database ${name} with (force)`);

function urlOf(name: string): string {
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  return url.href;
}

async function administer(statement: string): Promise<void> {
  try {
    await connected(POSTGRES_URL, (client) => client.query(statement));
  } catch (error) {
    throw new Error(
      `No PostgreSQL to test the ledger on: ${error instanceof Error ? error.message : String(error)}. ` +
        'Start one, name it in POSTGRES_URL, or leave it out on purpose with LEDGER_POSTGRES=off.',
      { cause: error },
    );
  }
}

const connected: WithClient = async (url, work) => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
};

/** Every kind that two processes can open; PostgreSQL is left out only where `LEDGER_POSTGRES=off` says so. */
export const SHARED_KINDS: readonly SharedKind[] =
  process.env['LEDGER_POSTGRES'] === 'off' ? [file] : [file, postgres];

/** Every kind. */
export const DATABASE_KINDS: readonly DatabaseKind[] = [memory, ...SHARED_KINDS];

if (process.env['LEDGER_POSTGRES'] === 'off') {
  process.emitWarning('LEDGER_POSTGRES=off: the ledger is not tested on PostgreSQL');
}

/** What is emptied between tests. */
const TABLES = [
  'deliveries',
  'journal',
  'portals',
  'replicas',
  'leases',
  'history',
  'event_log',
  'reasons',
  'reconciled_types',
  'reconciled_portals',
  'seen_objects',
  'silent_spells',
  'missed_changes',
  'snapshots',
  'snapshot_types',
  'object_states',
] as const;

const WHICH_HAVE_ROWS = sql.raw<Readonly<Record<string, number>>>(
  `select ${TABLES.map((table) => `exists(select 1 from ${table}) as ${table}`).join(', ')}`,
);

/** A migrated database of a kind, and an open handle of it. */
export async function openMigrated(
  kind: DatabaseKind | SharedKind,
): Promise<{ readonly place: TestDatabase; readonly database: Database }> {
  if (!('createMigrated' in kind)) return { place: IN_MEMORY, database: await openMigratedInMemory() };
  const place = await kind.createMigrated();
  return { place, database: openDatabase(place.url) };
}

/**
 * Declares the same suite for every kind of database. Each kind gets a migrated database of its own, emptied
 * before every test; `open()` gives it. A suite whose tests only read may keep what it writes before all of them.
 */
export function onEveryDatabase(
  guarantee: string,
  suite: (open: () => Database, kind: DatabaseKind, url: () => string) => void,
  kinds: readonly DatabaseKind[] = DATABASE_KINDS,
  keepsRows: (kind: DatabaseKind) => boolean = () => false,
): void {
  describe.each(kinds.map((kind) => [kind.name, kind] as const))(`${guarantee} (%s)`, (_name, kind) => {
    let place: TestDatabase | undefined;
    let database: Database | undefined;
    const open = () => {
      if (database === undefined) throw new Error('no database: it could not be opened');
      return database;
    };
    beforeAll(async () => {
      ({ place, database } = await openMigrated(kind));
    });
    beforeEach(async () => {
      if (keepsRows(kind)) return;
      const { db } = open();
      // At once: it is done before each of hundreds of tests.
      if (!kind.embedded) {
        await sql.raw(TABLES.map((table) => `delete from ${table}`).join(';')).execute(db);
        return;
      }
      const { rows } = await WHICH_HAVE_ROWS.execute(db);
      const [has = {}] = rows;
      const full = TABLES.filter((table) => has[table] === 1);
      if (full.length === 0) return;
      await db.transaction().execute(async (transaction) => {
        for (const table of full) await transaction.deleteFrom(table).execute();
      });
    });
    afterAll(async () => {
      await database?.db.destroy();
      await place?.remove();
    });
    suite(open, kind, () => place?.url ?? '');
  });
}
