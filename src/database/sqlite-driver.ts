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
} from 'kysely';
import { Semaphore } from '../timing/semaphore.js';
import { EventLoopYield } from './event-loop-yield.js';
import { isLowPriority } from './low-priority.js';

/** An open file, as the driver package gives it. */
export interface SqliteFile extends SqliteDatabase {
  /** Runs a statement to its end and lets go of it, whatever became of it. */
  exec(statement: string): void;
}

/** How a database is opened. */
export interface SqliteOpening {
  /** Called on first use, and again after it threw. */
  readonly open: () => SqliteFile;
  /** Opens the same once more, for reading alone; left out: all goes through one connection. */
  readonly openReader?: (() => SqliteFile) | undefined;
  /** Called before anything is read or written; what it throws, the caller gets. */
  readonly guard?: (() => void) | undefined;
}

/** How long a write waits for another process's transaction; a service beside ours holds one for milliseconds. */
const LOCKED_MS = 2000;
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 50;
/** How long queries may follow one another before the event loop runs. */
const YIELD_EVERY_MS = 2;

/**
 * SQLite within one process, as the ledger needs it.
 *
 * Every write takes the write lock in a `begin immediate` of its own, for three reasons. A transaction that only
 * reads at first could not write any more once another process has written, and no waiting would help it. A
 * prepared statement that meets a lock stays under way in the driver package until it is garbage, and no
 * transaction can be committed meanwhile. And waiting for the lock is done here, not by SQLite, whose own wait would
 * hold up the whole process: heartbeats of the broker's connections, health checks, other portals.
 *
 * What is read outside transactions goes through a connection of its own, and sees what is committed: it does not wait
 * behind what is being written, which with long batches takes a tenth of a second, for every question again.
 *
 * Migrations run in transactions too, so that neither a crash nor a second process leaves half of them.
 */
export class PatientSqliteDialect extends SqliteDialect {
  constructor(private readonly opening: SqliteOpening) {
    super({ database: () => Promise.resolve(opening.open()) });
  }

  override createDriver(): Driver {
    return new PatientSqliteDriver(this.opening);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }
}

/** What one caller of the database has: the one that writes is taken when it is needed. */
class Session implements DatabaseConnection {
  inTransaction = false;

  constructor(private readonly ask: <R>(session: Session, query: CompiledQuery) => Promise<QueryResult<R>>) {}

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.ask<R>(this, query);
  }

  // eslint-disable-next-line require-yield -- Kysely's interface has it; nothing here reads so much that it would need it.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    return Promise.reject(new Error('rows are not streamed from SQLite'));
  }
}

class PatientSqliteDriver implements Driver {
  /** One caller at a time writes. */
  private readonly writing = new Semaphore(1);
  /**
   * Since when other processes have had the lock, for all writes together: once that is too long, each write tries once
   * and fails, instead of making those behind it wait as long again.
   */
  private lockedSince: number | null = null;
  private readonly eventLoop = new EventLoopYield(YIELD_EVERY_MS);
  private writer: SqliteFile | null = null;
  private reader: SqliteFile | null = null;
  private readonly ask = <R>(session: Session, query: CompiledQuery) => this.execute<R>(session, query);

  constructor(private readonly opening: SqliteOpening) {}

  init(): Promise<void> {
    this.writer = this.opening.open();
    return Promise.resolve();
  }

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(new Session(this.ask));
  }

  async beginTransaction(session: DatabaseConnection): Promise<void> {
    await this.writing.take();
    try {
      await this.begin();
    } catch (error) {
      this.writing.release();
      throw error;
    }
    sessionOf(session).inTransaction = true;
  }

  async commitTransaction(): Promise<void> {
    await this.eventLoop.run(() => this.commit(), 'high');
  }

  rollbackTransaction(): Promise<void> {
    this.rollback();
    return Promise.resolve();
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    const session = sessionOf(connection);
    if (session.inTransaction) this.writing.release();
    session.inTransaction = false;
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    this.closeReader();
    this.writer?.close();
    return Promise.resolve();
  }

  private async execute<R>(session: Session, query: CompiledQuery): Promise<QueryResult<R>> {
    if (session.inTransaction) return this.eventLoop.run(() => runOn<R>(this.file, query), 'high');
    if (this.opening.openReader !== undefined && isRead(query))
      return this.eventLoop.run(() => this.read<R>(query), isLowPriority(query) ? 'low' : 'normal');
    await this.writing.take();
    try {
      return await this.write<R>(query);
    } finally {
      this.writing.release();
    }
  }

  /** Reads what is committed. */
  private read<R>(query: CompiledQuery): QueryResult<R> {
    this.opening.guard?.();
    this.reader ??= this.opening.openReader?.() ?? null;
    try {
      return runOn<R>(this.reader ?? this.file, query);
    } catch (error) {
      // A statement that fails may stay under way in the driver package, and keep what is read from then on as it was.
      this.closeReader();
      throw error;
    }
  }

  private async write<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { kind } = query.query;
    if (kind === 'SelectQueryNode' || kind === 'RawNode') {
      return this.eventLoop.run(() => {
        this.opening.guard?.();
        return runOn<R>(this.file, query);
      });
    }
    await this.begin();
    try {
      const result = await this.eventLoop.run(() => runOn<R>(this.file, query), 'high');
      await this.eventLoop.run(() => this.commit(), 'high');
      return result;
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    this.opening.guard?.();
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LAST_LOOK_MS)) {
      try {
        this.file.exec('begin immediate');
        this.lockedSince = null;
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

  private commit(): void {
    // Once more: what is committed counts as kept.
    this.opening.guard?.();
    this.file.exec('commit');
  }

  private rollback(): void {
    try {
      this.file.exec('rollback');
    } catch (error) {
      // A full disk has rolled back already; to complain of that would hide what happened.
      if (!(error instanceof Error) || !error.message.includes('no transaction is active')) throw error;
    }
  }

  private closeReader(): void {
    const { reader } = this;
    this.reader = null;
    reader?.close();
  }

  private get file(): SqliteFile {
    if (this.writer === null) throw new Error('the database is not open');
    return this.writer;
  }
}

function sessionOf(connection: DatabaseConnection): Session {
  if (connection instanceof Session) return connection;
  throw new TypeError('not a connection of this driver');
}

/** Whether a query certainly only reads. */
function isRead({ query: { kind }, sql }: CompiledQuery): boolean {
  if (kind === 'SelectQueryNode') return true;
  if (kind !== 'RawNode') return false;
  return (
    /^\s*select\b/i.test(sql) ||
    (/^\s*with\b/i.test(sql) && !/\b(?:insert|update|delete|replace)\b/i.test(sql))
  );
}

function runOn<R>(file: SqliteFile, { sql, parameters }: CompiledQuery): QueryResult<R> {
  const statement = file.prepare(sql);
  if (statement.reader) return { rows: statement.all(parameters) as R[] };
  const { changes, lastInsertRowid } = statement.run(parameters);
  return { numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid), rows: [] };
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
