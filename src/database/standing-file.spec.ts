import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from './database.js';
import { migrate } from './migrate.js';
import { DatabaseFileGone } from './standing-file.js';

describe('a database file that is deleted or replaced while it is open', () => {
  let folder: string;
  let path: string;
  let database: Database;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'standing-'));
    path = join(folder, 'bridge.db');
    database = openDatabase(`file:${path}`);
    await migrate(database);
  });
  afterEach(async () => {
    await database.db.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const read = () => database.db.selectFrom('portals').selectAll().execute();
  const write = () => database.db.deleteFrom('portals').execute();
  const inTransaction = (meanwhile: () => void) =>
    database.transact(async (tx) => {
      await tx.deleteFrom('portals').execute();
      meanwhile();
    });

  it('is neither read nor written any more, and a transaction under way is not committed', async () => {
    await expect(inTransaction(() => unlinkSync(path))).rejects.toThrow(DatabaseFileGone);
    await expect(write()).rejects.toThrow('was deleted');
    await expect(read()).rejects.toThrow('was deleted');
    await expect(inTransaction(() => undefined)).rejects.toThrow('was deleted');
  });

  it('is told from another file of its name, and from another that its link leads to', async () => {
    copyFileSync(path, join(folder, 'copy.db'));
    renameSync(join(folder, 'copy.db'), path);
    await expect(write()).rejects.toThrow('was replaced');
    const link = join(folder, 'link.db');
    symlinkSync(path, link);
    const other = openDatabase(`file:${link}`);
    await migrate(other);
    unlinkSync(link);
    symlinkSync(join(folder, 'third.db'), link);
    await expect(other.db.deleteFrom('portals').execute()).rejects.toThrow('was deleted');
    copyFileSync(path, join(folder, 'third.db'));
    await expect(other.db.deleteFrom('portals').execute()).rejects.toThrow('was replaced');
    await other.db.destroy();
  });

  it('is worked with again when it is back', async () => {
    renameSync(path, join(folder, 'away.db'));
    await expect(write()).rejects.toThrow('was deleted');
    renameSync(join(folder, 'away.db'), path);
    await write();
    await inTransaction(() => undefined);
  });
});
