import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { sql } from 'kysely';
import pg from 'pg';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';

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

const memory: DatabaseKind = {
  name: 'SQLite in memory',
  shared: false,
  embedded: true,
  create: () => Promise.resolve({ url: 'file::memory:', remove: () => Promise.resolve() }),
};

export const file: DatabaseKind = {
  name: 'SQLite in a file',
  shared: true,
  embedded: true,
  create: () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
    return Promise.resolve({
      url: `file:${join(folder, 'bridge.db')}`,
      remove: () => {
        rmSync(folder, { recursive: true, force: true });
        return Promise.resolve();
      },
    });
  },
};

const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres:postgres@127.0.0.1:5432/postgres';

export const postgres: DatabaseKind = {
  name: 'PostgreSQL',
  shared: true,
  embedded: false,
  create: async () => {
    const name = `ledger_test_${randomBytes(8).toString('hex')}`;
    await administer(`create database ${name} template template0`);
    const url = new URL(POSTGRES_URL);
    url.pathname = `/${name}`;
    return { url: url.href, remove: () => administer(`drop database ${name} with (force)`) };
  },
};

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    await client.query(statement);
  } catch (error) {
    throw new Error(
      `No PostgreSQL to test the ledger on: ${error instanceof Error ? error.message : String(error)}. ` +
        'Start one, name it in POSTGRES_URL, or leave it out on purpose with LEDGER_POSTGRES=off.',
      { cause: error },
    );
  } finally {
    await client.end();
  }
}

/** Every kind; PostgreSQL is left out only where `LEDGER_POSTGRES=off` says so. */
export const DATABASE_KINDS: readonly DatabaseKind[] =
  process.env['LEDGER_POSTGRES'] === 'off' ? [memory, file] : [memory, file, postgres];

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

/**
 * Declares the same suite for every kind of database. Each kind gets a migrated database of its own, emptied
 * before every test; `open()` gives it.
 */
export function onEveryDatabase(
  guarantee: string,
  suite: (open: () => Database, kind: DatabaseKind, url: () => string) => void,
  kinds: readonly DatabaseKind[] = DATABASE_KINDS,
): void {
  describe.each(kinds.map((kind) => [kind.name, kind] as const))(`${guarantee} (%s)`, (_name, kind) => {
    let place: TestDatabase | undefined;
    let database: Database | undefined;
    const open = () => {
      if (database === undefined) throw new Error('no database: it could not be opened');
      return database;
    };
    beforeAll(async () => {
      place = await kind.create();
      database = openDatabase(place.url);
      await migrate(database);
    });
    beforeEach(async () => {
      const { db } = open();
      // At once: it is done before each of hundreds of tests.
      if (kind.embedded) {
        await db.transaction().execute(async (transaction) => {
          for (const table of TABLES) await transaction.deleteFrom(table).execute();
        });
      } else {
        await sql.raw(TABLES.map((table) => `delete from ${table}`).join(';')).execute(db);
      }
    });
    afterAll(async () => {
      await database?.db.destroy();
      await place?.remove();
    });
    suite(open, kind, () => place?.url ?? '');
  });
}
