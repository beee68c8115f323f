import { setTimeout as pause } from 'node:timers/promises';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
} from 'kysely';
import { EventLoopYield } from './event-loop-yield.js';

/** An open file, as the driver package gives it. */
export interface SqliteFile extends SqliteDatabase {
  /** Runs a statement to its end and lets go of it, whatever became of it. */
  exec(statement: string): void;
}

/** How long a write waits for another process's transaction; a service beside ours holds one for milliseconds. */
const LOCKED_MS = 2000;
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 50;
/** How long queries may follow one another before the event loop runs. */
const TURN_MS = 5;

/**
 * SQLite within one process, as the ledger needs it.
 *
 * Every write takes the write lock in a `begin immediate` of its own, for three reasons. A transaction that only
 * reads at first could not write any more once another process has written, and no waiting would help it. A
 * prepared statement that meets a lock stays under way in the driver package until it is garbage, and no
 * transaction can be committed meanwhile. And waiting for the lock is done here, not by SQLite, whose own wait would
 * hold up the whole process: heartbeats of the broker's connections, health checks, other portals.
 *
 * Migrations run in transactions too, so that neither a crash nor a second process leaves half of them.
 */
export class PatientSqliteDialect extends SqliteDialect {
  /**
   * @param open called on first use, and again after it threw
   * @param guard called before anything is read or written; what it throws, the caller gets
   */
  constructor(
    private readonly open: () => SqliteFile,
    private readonly guard: () => void = () => undefined,
  ) {
    super({ database: () => Promise.resolve(open()) });
  }

  override createDriver(): Driver {
    return new PatientSqliteDriver(this.open, this.guard);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }
}

class PatientSqliteDriver extends SqliteDriver {
  /** Kysely lets one caller at a time have the one connection. */
  private inTransaction = false;
  /**
   * Since when other processes have had the lock, for all writes together: once that is too long, each write tries once
   * and fails, instead of making those behind it wait as long again.
   */
  private lockedSince: number | null = null;
  private readonly eventLoop = new EventLoopYield(TURN_MS);

  private opened: SqliteFile | null = null;

  constructor(
    open: () => SqliteFile,
    private readonly guard: () => void,
  ) {
    super({ database: () => Promise.resolve((this.opened = open())) });
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const inner = await super.acquireConnection();
    return {
      executeQuery: <R>(query: CompiledQuery) => this.execute<R>(inner, query),
      streamQuery: <R>(query: CompiledQuery, chunkSize: number) => inner.streamQuery<R>(query, chunkSize),
    };
  }

  override async beginTransaction(): Promise<void> {
    this.guard();
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LAST_LOOK_MS)) {
      try {
        this.file.exec('begin immediate');
        this.lockedSince = null;
        this.inTransaction = true;
        return;
      } catch (error) {
        if (!isLocked(error)) throw error;
        const now = performance.now();
        this.lockedSince ??= now;
        if (now - this.lockedSince >= LOCKED_MS) throw error;
      }
      await pause(waitMs);
    }
  }

  override async commitTransaction(): Promise<void> {
    await this.eventLoop.next();
    // Once more: what is committed counts as kept.
    this.guard();
    this.file.exec('commit');
    this.inTransaction = false;
  }

  override rollbackTransaction(): Promise<void> {
    this.inTransaction = false;
    try {
      this.file.exec('rollback');
    } catch (error) {
      // A full disk has rolled back already; to complain of that would hide what happened.
      if (!(error instanceof Error) || !error.message.includes('no transaction is active')) throw error;
    }
    return Promise.resolve();
  }

  private get file(): SqliteFile {
    if (this.opened === null) throw new Error('the database is not open');
    return this.opened;
  }

  private async execute<R>(connection: DatabaseConnection, query: CompiledQuery): Promise<QueryResult<R>> {
    await this.eventLoop.next();
    const { kind } = query.query;
    if (this.inTransaction) return connection.executeQuery<R>(query);
    if (kind === 'SelectQueryNode' || kind === 'RawNode') {
      this.guard();
      return connection.executeQuery<R>(query);
    }
    await this.beginTransaction();
    try {
      const result = await connection.executeQuery<R>(query);
      await this.commitTransaction();
      return result;
    } catch (error) {
      await this.rollbackTransaction();
      throw error;
    }
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
