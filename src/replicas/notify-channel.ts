import { Kysely, PostgresDialect } from 'kysely';
import { type Database, databaseOver } from '../database/database.js';
import { PostgresPool } from '../database/postgres-pool.js';
import { type Schema } from '../database/schema.js';

/** What comes in over a {@link NotifyChannel}. */
interface NotifyListener {
  /** Another process, or this one, has sent a text. */
  heard(text: string): void;
  /** Connected: at first, or anew, and then texts may have been missed. */
  connected(): void;
}

/** One channel for all processes on a database. */
const CHANNEL = 'bitrix24_bridge';

/**
 * A PostgreSQL connection of its own beside the pool: for what must not wait behind the ledger's queries, and for
 * short texts to the other processes on the database (LISTEN and NOTIFY). It connects on the first query, and on the
 * next one after it broke. A text is lost while no replica is connected: it may speed things up, and nothing may depend on it.
 */
export class NotifyChannel {
  readonly database: Database;
  private listener: NotifyListener = { heard: () => undefined, connected: () => undefined };
  private readonly pool: PostgresPool;

  /** @param answerWithinMs a query without an answer for so long fails, and the connection with it */
  constructor(url: string, answerWithinMs: number) {
    const pool = new PostgresPool(
      {
        connectionString: url,
        max: 1,
        idleTimeoutMillis: 0,
        keepAlive: true,
        connectionTimeoutMillis: answerWithinMs,
        query_timeout: answerWithinMs,
        // A server must not go on with what is not waited for any more.
        statement_timeout: answerWithinMs,
        fallback_application_name: 'bitrix24-bridge notify channel',
      },
      (client) => {
        client.on('notification', ({ payload }) => this.listener.heard(payload ?? ''));
        client.query(`listen ${CHANNEL}`).then(
          () => this.listener.connected(),
          () => this.hangUp(),
        );
      },
    );
    this.pool = pool;
    this.database = databaseOver('postgres', new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) }));
  }

  /** Tells what to do with what comes in from now on. */
  listen(listener: NotifyListener): void {
    this.listener = listener;
  }

  /** Sends a text to every process that listens; PostgreSQL takes less than 8,000 bytes. */
  async send(text: string): Promise<void> {
    await this.database.db
      .selectNoFrom((eb) => eb.fn('pg_notify', [eb.val(CHANNEL), eb.val(text)]).as('sent'))
      .execute();
  }

  /** Breaks the connection: one that does not answer would keep the next query waiting as well. */
  hangUp(): void {
    this.pool.cut();
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    this.listener = { heard: () => undefined, connected: () => undefined };
    await this.database.db.destroy();
  }
}
