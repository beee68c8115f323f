import { setTimeout as pause } from 'node:timers/promises';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDatabase,
  SqliteDriver,
} from 'kysely';

/** How long a statement waits for another process's transaction; a service beside ours holds one for milliseconds. */
const LOCKED_MS = 5000;
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 50;

/**
 * SQLite within one process, as the ledger needs it.
 *
 * Transactions take the write lock when they begin: one that only reads at first could not write any more once
 * another process has written, and no waiting would help it. Migrations run in one too, so that neither a crash
 * nor a second process leaves half of them.
 *
 * Waiting for another process's lock is done here and not by SQLite, whose own wait would hold up everything else:
 * heartbeats of the broker's connections, health checks, other portals.
 */
export class PatientSqliteDialect extends SqliteDialect {
  constructor(private readonly file: LibsqlFile) {
    super({ database: file });
  }

  override createDriver(): Driver {
    return new PatientSqliteDriver(this.file);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }
}

/** What of a libsql database is needed here. */
interface LibsqlFile extends SqliteDatabase {
  readonly inTransaction: boolean;
  /** Runs SQL text and leaves nothing of it open. */
  exec(text: string): unknown;
}

class PatientSqliteDriver extends SqliteDriver {
  private readonly patience = new Patience();

  constructor(private readonly file: LibsqlFile) {
    super({ database: file });
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection(), this.file, this.patience);
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof PatientConnection) await connection.begin();
  }

  /** A full disk has rolled back already; to complain of that would hide what happened. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('no transaction is active')) throw error;
    }
  }
}

/**
 * How long the database has been locked by somebody else. One account for all statements: while it is overdrawn
 * each of them looks once and fails, instead of making those behind it wait as long again.
 */
class Patience {
  private lockedSince: number | null = null;

  exhausted(): boolean {
    const now = performance.now();
    this.lockedSince ??= now;
    return now - this.lockedSince >= LOCKED_MS;
  }

  written(): void {
    this.lockedSince = null;
  }
}

class PatientConnection implements DatabaseConnection {
  constructor(
    private readonly inner: DatabaseConnection,
    private readonly file: LibsqlFile,
    private readonly patience: Patience,
  ) {}

  /**
   * Only here a lock is met. libsql leaves a prepared statement that found the database locked in progress until it
   * is garbage, and until then nothing else of this connection is committed, not even what seems to have been
   * written; `exec` leaves nothing.
   */
  async begin(): Promise<void> {
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LAST_LOOK_MS)) {
      try {
        this.file.exec('begin immediate');
        this.patience.written();
        return;
      } catch (error) {
        if (!isLocked(error) || this.patience.exhausted()) throw error;
      }
      await pause(waitMs);
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const reads = query.query.kind === 'SelectQueryNode' || query.query.kind === 'RawNode';
    if (reads || this.file.inTransaction) return this.inner.executeQuery<R>(query);
    await this.begin();
    try {
      const result = await this.inner.executeQuery<R>(query);
      this.file.exec('commit');
      return result;
    } catch (error) {
      if (this.file.inTransaction) this.file.exec('rollback');
      throw error;
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.inner.streamQuery(query, chunkSize);
  }
}

/** Kysely leaves SQLite's transactions around schema changes unused. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
