import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Libsql from 'libsql';
import pg from 'pg';
import { dialectOf } from './dialect.js';

/** Another process of the bridge works on the same SQLite file. */
export class DatabaseInUse extends Error {
  constructor(path: string) {
    super(
      `Another bridge is running on ${path}. SQLite serves one process: stop the other one, or give this one a ` +
        'DATABASE_URL of its own.',
    );
    this.name = 'DatabaseInUse';
  }
}

export interface SoleProcessOptions {
  /** Ends the wait for another process to end. */
  readonly signal: AbortSignal;
  /** Another process runs: this one stands by. Called once. */
  readonly onWaiting: () => void;
  /** The claim is gone, and with it the right to act: the process has to end. Called once, at most. */
  readonly onLost: (reason: string) => void;
}

/** "bitrix24", as a number: advisory locks have no names. */
const LOCK = 0x62697472;
const LOOK_EVERY_MS = 1000;
const ANSWER_WITHIN_MS = 4000;

/**
 * Claims the database for this process until it ends, however it ends: rounds of one portal must never overlap, not
 * even those of two processes. A second process is refused on SQLite, and waits for its turn on PostgreSQL.
 * Resolves with what gives the claim back, or null when the wait was ended.
 * @throws {DatabaseInUse}
 * @throws the driver's error when the database cannot be reached
 */
export async function claimSoleProcess(
  url: string,
  options: SoleProcessOptions,
): Promise<(() => Promise<void>) | null> {
  if (dialectOf(url) === 'postgres') return claimPostgres(url, options);
  const path = url.slice('file:'.length);
  if (path === ':memory:') return () => Promise.resolve();
  mkdirSync(dirname(path), { recursive: true });
  // On a file beside it, since the command line shares the database itself.
  const lock = new Libsql(`${path}.lock`);
  try {
    lock.exec('pragma busy_timeout = 0');
    // The system drops the lock with the process, so a crash leaves nothing to clean up.
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw code.startsWith('SQLITE_BUSY') ? new DatabaseInUse(path) : error;
  }
  return () => {
    lock.close();
    return Promise.resolve();
  };
}

async function claimPostgres(
  url: string,
  { signal, onWaiting, onLost }: SoleProcessOptions,
): Promise<(() => Promise<void>) | null> {
  const client = new pg.Client({
    connectionString: url,
    keepAlive: true,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  });
  let held = false;
  let released = false;
  const lose = (reason: string) => {
    if (held && !released) onLost(reason);
    released = true;
  };
  client.on('error', (error) => lose(error.message));
  client.on('end', () => lose('the connection ended'));
  await client.connect();
  try {
    for (let first = true; ; first = false) {
      const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [
        LOCK,
      ]);
      if (rows[0]?.held === true) break;
      if (first) onWaiting();
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) {
        await client.end();
        return null;
      }
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  held = true;
  // The lock lives with its connection; one that no longer answers may have lost it.
  const watch = setInterval(() => {
    client
      .query('select 1')
      .catch((error: unknown) => lose(error instanceof Error ? error.message : String(error)));
  }, LOOK_EVERY_MS);
  return async () => {
    released = true;
    clearInterval(watch);
    await client.end().catch(() => undefined);
  };
}
