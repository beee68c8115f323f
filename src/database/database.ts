import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import Libsql from 'libsql';
import pg from 'pg';
import { type Dialect, dialectOf } from './dialect.js';
import { type Schema } from './schema.js';
import { PatientSqliteDialect } from './sqlite-driver.js';

/** An open database and which dialect it speaks. */
export interface Database {
  readonly db: Kysely<Schema>;
  readonly dialect: Dialect;
}

/**
 * Opens the database of a `DATABASE_URL` (`file:<path>`, `file::memory:` or `postgres://…`). Nothing is
 * created but the folder of a file; {@link migrate} makes the tables.
 * @throws whatever the driver throws when the file cannot be opened; PostgreSQL connects on first use.
 */
export function openDatabase(url: string): Database {
  const dialect = dialectOf(url);
  return { dialect, db: dialect === 'sqlite' ? openSqlite(url.slice('file:'.length)) : openPostgres(url) };
}

function openSqlite(path: string): Kysely<Schema> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const file = new Libsql(path);
  // The command line works beside a running service: opening waits for its short transactions.
  file.exec('pragma busy_timeout = 5000');
  file.exec('pragma journal_mode = wal');
  // The ledger's promise is that what it says survives a power cut; WAL with NORMAL would lose the last commits.
  file.exec('pragma synchronous = full');
  // From here on the driver waits, without holding up the process.
  file.exec('pragma busy_timeout = 0');
  return new Kysely<Schema>({ dialect: new PatientSqliteDialect(file) });
}

function openPostgres(url: string): Kysely<Schema> {
  const types = new pg.TypeOverrides();
  // bigint holds our milliseconds and sequence numbers, all below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ connectionString: url, max: 10, types });
  // An idle connection cut by the server must not end the process; the next query opens another.
  pool.on('error', () => undefined);
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}
