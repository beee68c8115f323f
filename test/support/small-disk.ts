import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';

/** A disk of a few megabytes where this account may mount one; elsewhere the database itself refuses to grow. */
export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
  private readonly mounted = mount('mount', '-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', this.folder);
  readonly databaseFile = join(this.folder, 'bridge.db');
  private readonly filler = join(this.folder, 'filler');

  fill(): void {
    if (!this.mounted) {
      this.inDatabase(
        `create trigger full before insert on deliveries begin select raise(abort, 'database or disk is full'); end`,
        `create trigger full_too before update on portals begin select raise(abort, 'database or disk is full'); end`,
      );
      return;
    }
    // A log that was large once has room of its own for small writes.
    this.inDatabase('pragma wal_checkpoint(truncate)');
    const file = openSync(this.filler, 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096, 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    if (this.mounted) rmSync(this.filler);
    else this.inDatabase('drop trigger full', 'drop trigger full_too');
  }

  remove(): void {
    // Readers of the database let go of its file some time after they have closed it.
    if (this.mounted) mount('umount', '-l', this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private inDatabase(...statements: string[]): void {
    const file = new Libsql(this.databaseFile);
    file.exec('pragma busy_timeout = 5000');
    for (const statement of statements) file.exec(statement);
    file.close();
  }
}

function mount(...command: string[]): boolean {
  const [program = '', ...args] = command;
  return process.getuid?.() === 0 && spawnSync(program, args).status === 0;
}
