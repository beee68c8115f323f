import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Libsql from 'libsql';
import { dialectOf } from './dialect.js';

/** Another process of the bridge works on the same SQLite file. */
export class DatabaseInUse extends Error {
  constructor(path: string) {
    super(
      `Another bridge is running on ${path}. SQLite serves one process: stop the other one, give this one a ` +
        'DATABASE_URL of its own, or let both work on one PostgreSQL.',
    );
    this.name = 'DatabaseInUse';
  }
}

/**
 * Claims a SQLite file for this process until it ends, however it ends: rounds of one portal must never overlap, not
 * even those of two processes. On PostgreSQL processes share the portals out by leases, and there is nothing to claim.
 * @returns what gives the claim back
 * @throws {DatabaseInUse}
 * @throws the driver's error when the file cannot be made
 */
export function claimSoleProcess(url: string): () => void {
  const path = url.slice('file:'.length);
  if (dialectOf(url) === 'postgres' || path === ':memory:') return () => undefined;
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
  return () => lock.close();
}
