import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import Libsql from 'libsql';
import pg from 'pg';
import { type Dialect, dialectOf } from './dialect.js';
import { type Schema } from './schema.js';
import { PatientSqliteDialect, type SqliteFile } from './sqlite-driver.js';
import { StatementCache } from './statement-cache.js';

/** An open database and which dialect it speaks. */
export interface Database {
  readonly db: Kysely<Schema>;
  readonly dialect: Dialect;
}

/**
 * The database of a `DATABASE_URL` (`file:<path>`, `file::memory:` or `postgres://…`). It is opened on first use, and
 * on the next one where that failed; {@link migrate} makes the tables.
 */
export function openDatabase(url: string): Database {
  const dialect = dialectOf(url);
  if (dialect === 'postgres') return { dialect, db: openPostgres(url) };
  const open = () => openFile(url.slice('file:'.length));
  return { dialect, db: new Kysely<Schema>({ dialect: new PatientSqliteDialect(open) }) };
}

function openFile(path: string): SqliteFile {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const file = new Libsql(path);
  try {
    // The command line works beside a running service: opening waits for its short transactions.
    file.exec('pragma busy_timeout = 1000');
    file.exec('pragma journal_mode = wal');
    // The ledger's promise is that what it says survives a power cut; WAL with NORMAL would lose the last commits.
    file.exec('pragma synchronous = full');
    // From here on the driver waits, without holding up the process.
    file.exec('pragma busy_timeout = 0');
    return new StatementCache(file);
  } catch (error) {
    file.close();
    throw error;
  }
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
