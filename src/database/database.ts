import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import Libsql from 'libsql';
import { type Dialect, dialectOf } from './dialect.js';
import { PostgresPool } from './postgres-pool.js';
import { type Schema } from './schema.js';
import { PatientSqliteDialect, type SqliteFile } from './sqlite-driver.js';
import { StatementCache } from './statement-cache.js';
import { groupCommit, type Transact } from './transactions.js';
import { withLowPriority } from './low-priority.js';
import { WatchedFile } from './watched-file.js';

/** An open database and which dialect it speaks. */
export interface Database {
  readonly db: Kysely<Schema>;
  /** The same for questions with long answers: on SQLite, short ones go first. */
  readonly lowPriority: Kysely<Schema>;
  readonly dialect: Dialect;
  /** Transactions of the ledger; those of SQLite are committed together where several wait. */
  readonly transact: Transact;
  /** @throws {DatabaseFileGone} when its file is not there any more; there is none to look at on PostgreSQL */
  readonly checkFile: () => void;
}

interface DatabaseOptions {
  /**
   * PostgreSQL ends a transaction whose process says nothing for so long (ms): one that was paused, or cut off, must
   * not keep its locks from those who take over from it. Without it, it waits for as long as the connection stands.
   */
  readonly idleInTransactionMs?: number;
}

/**
 * The database of a `DATABASE_URL` (`file:<path>`, `file::memory:` or `postgres://…`). It is opened on first use, and
 * on the next one where that failed; {@link migrate} makes the tables.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const dialect = dialectOf(url);
  if (dialect === 'postgres') return databaseOver(dialect, openPostgres(url, options));
  const path = url.slice('file:'.length);
  let watched: WatchedFile | null = null;
  const isFile = path !== ':memory:';
  const open = (): SqliteFile => {
    const file = openFile(path);
    return isFile ? (watched = new WatchedFile(file, path)) : file;
  };
  const checkFile = () => watched?.check();
  const dialectOver = { open, openReader: isFile ? () => openReader(path) : undefined, guard: checkFile };
  const db = new Kysely<Schema>({ dialect: new PatientSqliteDialect(dialectOver) });
  return { ...databaseOver(dialect, db), checkFile };
}

/** A database by its handle. PostgreSQL's transactions run side by side. */
export function databaseOver(dialect: Dialect, db: Kysely<Schema>): Database {
  return {
    dialect,
    db,
    lowPriority: dialect === 'sqlite' ? withLowPriority(db) : db,
    checkFile: () => undefined,
    transact: dialect === 'sqlite' ? groupCommit(db) : (work) => db.transaction().execute(work),
  };
}

function openFile(path: string): SqliteFile {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true });
    // It holds the portals' tokens, in clear where there is no key. SQLite gives its other files the same mode.
    closeSync(openSync(path, 'a', 0o600));
  }
  return opened(path, [
    // The command line works beside a running service: opening waits for its short transactions.
    'busy_timeout = 1000',
    'journal_mode = wal',
    // The ledger's promise is that what it says survives a power cut; WAL with NORMAL would lose the last commits.
    'synchronous = full',
    // From here on the driver waits, without holding up the process.
    'busy_timeout = 0',
  ]);
}

/** Opens a file that is open already once more, for reading. */
function openReader(path: string): SqliteFile {
  // A question that meets a lock fails at once, and does not hold up the process.
  return opened(path, ['query_only = 1', 'busy_timeout = 0']);
}

function opened(path: string, pragmas: readonly string[]): SqliteFile {
  const file = new Libsql(path);
  try {
    for (const pragma of pragmas) file.exec(`pragma ${pragma}`);
    return new StatementCache(file);
  } catch (error) {
    file.close();
    throw error;
  }
}

function openPostgres(url: string, { idleInTransactionMs }: DatabaseOptions): Kysely<Schema> {
  const pool = new PostgresPool({
    connectionString: url,
    max: 10,
    fallback_application_name: 'bitrix24-bridge',
    ...(idleInTransactionMs === undefined
      ? {}
      : { idle_in_transaction_session_timeout: idleInTransactionMs }),
  });
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}
