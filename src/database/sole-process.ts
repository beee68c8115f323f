import { closeSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import Libsql from 'libsql';
import { dialectOf } from './dialect.js';
import { type InodeLock, lockInode } from './inode-lock.js';

/** Another process of the bridge works on the same SQLite file. */
export class DatabaseInUse extends Error {
  constructor(path: string, how = '') {
    super(
      `Another bridge is running on ${path}${how}. SQLite serves one process: stop the other one, give this one a ` +
        'DATABASE_URL of its own, or let both work on one PostgreSQL.',
    );
    this.name = 'DatabaseInUse';
  }
}

const BY_ANOTHER_NAME = ', which it has under another name (a link, or a mount of the file)';

/**
 * Claims a SQLite file for this process until it ends, however it ends: rounds of one portal must never overlap, not
 * even those of two processes. The file itself is locked, so that no other name of it gets past. On PostgreSQL
 * processes share the portals out by leases, and there is nothing to claim.
 * @param byNameOnly told why the file itself cannot be locked; then only its name is, with symbolic links followed
 * @returns what gives the claim back
 * @throws {DatabaseInUse}
 * @throws the driver's error when the file cannot be made
 */
export function claimSoleProcess(
  url: string,
  byNameOnly: (reason: string) => void = () => undefined,
): () => void {
  const path = url.slice('file:'.length);
  if (dialectOf(url) === 'postgres' || path === ':memory:') return () => undefined;
  mkdirSync(dirname(path), { recursive: true });
  // As the database is made; only where it is missing, since closing a handle drops SQLite's locks.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  const releaseName = claimName(path);
  const lock: InodeLock = lockInode(path);
  if (lock.state === 'held') {
    return () => {
      lock.release();
      releaseName();
    };
  }
  if (lock.state === 'taken') {
    releaseName();
    throw new DatabaseInUse(path, BY_ANOTHER_NAME);
  }
  byNameOnly(lock.reason);
  return releaseName;
}

/** On a file beside it, which older versions know, and which does where the file itself cannot be locked. */
function claimName(path: string): () => void {
  const lock = new Libsql(`${realpathSync(path)}.lock`);
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
