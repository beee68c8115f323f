import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { reasonOf } from '../logging/reason.js';

/** Far behind the bytes that SQLite itself locks (from 2^30 on), and behind the end of any database. */
const OFFSET = 2 ** 40;

/** What became of the wish for a lock. */
export type InodeLock =
  | { readonly state: 'held'; readonly release: () => void }
  /** Another process, or another handle of this one, has it. */
  | { readonly state: 'taken' }
  /** There can be none: of this machine, or of this file system. */
  | { readonly state: 'impossible'; readonly reason: string };

interface FileLocks {
  tryLock(fd: number, offset: number, length: number): boolean;
}

/**
 * Locks a file itself, whatever its name: symbolic and hard links lead to the same lock, and so does a file that is
 * mounted into two containers. The system drops it with the process. Reading and writing the file go on as ever.
 *
 * Closing any handle on a file drops the locks that SQLite holds on it in this process, so take this one before the
 * database is opened and release it after that is closed.
 */
export function lockInode(path: string): InodeLock {
  let fd: number | null = null;
  try {
    // Loaded here: it has no binary for some systems (Alpine's), which have to do without.
    const locks = createRequire(import.meta.url)('fs-native-extensions') as FileLocks;
    const opened = (fd = openSync(path, 'r+'));
    if (locks.tryLock(opened, OFFSET, 1)) return { state: 'held', release: () => closeSync(opened) };
    closeSync(opened);
    return { state: 'taken' };
  } catch (error) {
    if (fd !== null) closeSync(fd);
    const [reason = ''] = reasonOf(error).split('\n');
    return { state: 'impossible', reason };
  }
}
