import { type SqliteStatement } from 'kysely';
import { type SqliteFile } from './sqlite-driver.js';
import { JournalGone, StandingFile } from './standing-file.js';

/** An open database, and whether its file still stands. */
export class WatchedFile implements SqliteFile {
  private readonly standing: StandingFile;

  constructor(
    private readonly file: SqliteFile,
    path: string,
  ) {
    this.standing = new StandingFile(path);
  }

  /** @throws {DatabaseFileGone} */
  check(): void {
    try {
      this.standing.check();
    } catch (error) {
      if (error instanceof JournalGone) this.save();
      throw error;
    }
  }

  prepare(text: string): SqliteStatement {
    return this.file.prepare(text);
  }

  exec(statement: string): void {
    this.file.exec(statement);
  }

  close(): void {
    this.file.close();
    this.standing.close();
  }

  /** What is in the -wal file, which nobody else finds any more, goes into the database's own. */
  private save(): void {
    try {
      this.file.exec('pragma wal_checkpoint(passive)');
    } catch {
      // Amid a transaction, which is not committed either; the next look does it.
    }
  }
}
