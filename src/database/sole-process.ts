import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Libsql from 'libsql';
import { dialectOf } from './dialect.js';

/** Another process of the bridge works on the same SQLite file. */
export class DatabaseInUse extends Error {
  constructor(path: string) {
    super(
      `Another bridge is running on ${path}. SQLite serves one process; for several replicas set DATABASE_URL to a ` +
        'PostgreSQL database.',
    );
    this.name = 'DatabaseInUse';
  }
}

/**
 * Claims a SQLite file for this process until it ends, however it ends; does nothing for PostgreSQL. The claim is a
 * lock on a file beside it, since the command line shares the database itself. Returns what gives it back.
 * @throws {DatabaseInUse}
 */
export function claimSoleProcess(url: string): () => void {
  const path = url.slice('file:'.length);
  if (dialectOf(url) !== 'sqlite' || path === ':memory:') return () => undefined;
  mkdirSync(dirname(path), { recursive: true });
  const lock = new Libsql(`${path}.lock`);
  try {
    lock.exec('pragma busy_timeout = 0');
    // The system drops the lock with the process, so a crash leaves nothing to clean up.
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) {
      throw new DatabaseInUse(path);
    }
    throw error;
  }
  return () => lock.close();
}
