import { statSync } from 'node:fs';

/** The file of a SQLite database was deleted or replaced while it was open. `message` says what to do. */
export class DatabaseFileGone extends Error {
  constructor(path: string, what: 'deleted' | 'replaced') {
    super(
      `the database file ${path} was ${what} while the bridge worked on it, which would lose whatever is written now. ` +
        (what === 'deleted'
          ? 'Put it back (with its -wal file), or restore a backup, and restart the service'
          : 'Restart the service to work on the file that is there now, or put the former one back'),
    );
    this.name = 'DatabaseFileGone';
  }
}

/**
 * Whether the file that was opened is still the one that its name leads to. Systems let a program go on writing to a
 * file that has no name any more; it will never be read again.
 */
export class StandingFile {
  private readonly identity: string;

  /** @param path of a file that is there; a symbolic link counts as what it leads to */
  constructor(private readonly path: string) {
    this.identity = identityOf(path) ?? '';
  }

  /** Cheap enough for every write: one question to the system. @throws {DatabaseFileGone} */
  check(): void {
    const now = identityOf(this.path);
    if (now !== this.identity) throw new DatabaseFileGone(this.path, now === null ? 'deleted' : 'replaced');
  }
}

/** Null where there is no file, or only what a mount still shows of one that was deleted. */
function identityOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined || found.nlink === 0n) return null;
  return `${found.dev}:${found.ino}`;
}
