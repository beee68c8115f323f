import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Database } from './database.js';

const LOOK_EVERY_MS = 500;

/**
 * Runs `work` while no other process on the database runs anything of the same name; waits for its turn. SQLite
 * serves one process, so there it just runs.
 * @throws what `work` throws, the driver's error, or the signal's reason
 */
export async function oneAtATime<T>(
  { db, dialect }: Database,
  name: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (dialect === 'sqlite') return work();
  return db.connection().execute(async (connection) => {
    const key = sql`hashtextextended(${`bitrix24-bridge ${name}`}, 1)`;
    for (;;) {
      signal.throwIfAborted();
      const { rows } = await sql<{ ours: boolean }>`select pg_try_advisory_lock(${key}) as ours`.execute(
        connection,
      );
      if (rows[0]?.ours === true) break;
      await pause(LOOK_EVERY_MS, undefined, { signal });
    }
    try {
      return await work();
    } finally {
      // Where the connection broke, the lock went with it.
      await sql`select pg_advisory_unlock(${key})`.execute(connection).catch(() => undefined);
    }
  });
}
