import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';

/** What became of the file of a SQLite database, or of its -wal file, while it was open. */
type Fate = 'deleted' | 'replaced' | 'overwritten';

/** The file of a SQLite database was deleted or replaced while it was open. `message` says what to do. */
export class DatabaseFileGone extends Error {
  constructor(path: string, what: Fate, advice = ADVICE[what]) {
    super(
      `the database file ${path} was ${what} while the bridge worked on it, which would lose whatever is written now. ` +
        advice,
    );
    this.name = 'DatabaseFileGone';
  }
}

/** It is the -wal file that this befell; the database's own is as it was. */
export class JournalGone extends DatabaseFileGone {
  constructor(path: string, what: 'deleted' | 'replaced') {
    super(path, what, `What it held is saved into the database file: ${JOURNAL_ADVICE[what]}`);
  }
}

const ADVICE: Readonly<Record<Fate, string>> = {
  deleted: 'Put it back (with its -wal file), or restore a backup, and restart the service',
  replaced: 'Restart the service to work on the file that is there now, or put the former one back',
  overwritten:
    'Stop the service, delete the -wal and -shm files beside it, put the file there that you want, and start',
};
const JOURNAL_ADVICE: { readonly [what in 'deleted' | 'replaced']: string } = {
  deleted: 'restart the service',
  replaced: 'stop the service, delete the -wal file that is there now, and start',
};

/** Where a SQLite file has its application id: four bytes of a hundred that tell what the file is. */
const STAMP_AT = 68;
const STAMP_BYTES = 4;

/**
 * Whether the file that was opened is still the one that its name leads to, and has not become another one under the
 * same name. Systems let a program go on writing to a file that has no name any more; it will never be read again.
 *
 * What SQLite has not yet taken over into the file lies in its -wal file, so that counts as much.
 */
export class StandingFile {
  private readonly identity: string;
  private readonly journalPath: string;
  private journal: string | null = null;
  /** Open for as long as the database: closing one drops the locks that SQLite has on the file. */
  private readonly handle: number;
  /** When the file was last written to, as of the last look into it. */
  private writtenAt = -1n;
  private stamp = 0;

  /** @param path of a file that is there; a symbolic link counts as what it leads to */
  constructor(private readonly path: string) {
    const real = realpathSync(path);
    this.journalPath = `${real}-wal`;
    this.identity = found(path)?.identity ?? '';
    this.handle = openSync(real, 'r');
  }

  /** Cheap enough for every write: two questions to the system. @throws {DatabaseFileGone} */
  check(): void {
    const now = found(this.path);
    if (now?.identity !== this.identity)
      throw new DatabaseFileGone(this.path, now === null ? 'deleted' : 'replaced');
    this.checkJournal();
    if (now.writtenAt !== this.writtenAt) this.checkStamp(now.writtenAt);
  }

  /** After the database was closed. */
  close(): void {
    closeSync(this.handle);
  }

  private checkJournal(): void {
    const now = found(this.journalPath)?.identity ?? null;
    this.journal ??= now;
    if (now !== this.journal) throw new JournalGone(this.journalPath, now === null ? 'deleted' : 'replaced');
  }

  /** SQLite writes to the file as well, but never another stamp. */
  private checkStamp(writtenAt: bigint): void {
    const bytes = Buffer.alloc(STAMP_BYTES);
    readSync(this.handle, bytes, 0, STAMP_BYTES, STAMP_AT);
    const stamp = bytes.readInt32BE();
    // A new file has none before the first checkpoint.
    if (this.stamp === 0) this.stamp = stamp;
    if (stamp !== this.stamp) throw new DatabaseFileGone(this.path, 'overwritten');
    this.writtenAt = writtenAt;
  }
}

/** Null where there is no file, or only what a mount still shows of one that was deleted. */
function found(path: string): { readonly identity: string; readonly writtenAt: bigint } | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || stat.nlink === 0n) return null;
  return { identity: `${stat.dev}:${stat.ino}`, writtenAt: stat.mtimeNs };
}
