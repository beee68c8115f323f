import { setTimeout as pause } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
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
  constructor(private readonly config: SqliteDialectConfig) {
    super(config);
  }

  override createDriver(): Driver {
    return new PatientSqliteDriver(this.config);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }
}

class PatientSqliteDriver extends SqliteDriver {
  private readonly patience = new Patience();

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection(), this.patience);
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
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
    private readonly patience: Patience,
  ) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LAST_LOOK_MS)) {
      try {
        const result = await this.inner.executeQuery<R>(query);
        // Reading goes on beside somebody else's lock and says nothing of it.
        if (result.numAffectedRows !== undefined) this.patience.written();
        return result;
      } catch (error) {
        if (!isLocked(error) || this.patience.exhausted()) throw error;
      }
      await pause(waitMs);
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
