import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type Database, openDatabase } from './database.js';
import { migrate } from './migrate.js';
import { dropStamp } from './stamp.js';
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

  const written = async () =>
    (await database.db.selectFrom('ended_sessions').select('id').execute()).map(({ id }) => id);
  const put = (id: string) =>
    database.db.insertInto('ended_sessions').values({ id, expires_at: 0 }).execute();
  /** As the command line makes it. */
  const backUp = async (to: string) => {
    await sql`vacuum into ${sql.lit(to)}`.execute(database.db);
    const backup = openDatabase(`file:${to}`);
    await dropStamp(backup);
    await sql`pragma journal_mode = delete`.execute(backup.db);
    await backup.db.destroy();
  };

  it('is missed by half: without its -wal file nothing goes on, and what that held is saved', async () => {
    await put('acme');
    rmSync(`${path}-wal`);
    rmSync(`${path}-shm`);
    await expect(write()).rejects.toThrow('bridge.db-wal was deleted');
    await expect(read()).rejects.toThrow(DatabaseFileGone);
    await database.db.destroy();
    database = openDatabase(`file:${path}`);
    expect(await written()).toEqual(['acme']);
    await put('globex');
  });

  it('is told from a -wal file in the place of its own', async () => {
    await put('acme');
    writeFileSync(`${path}-other`, '');
    renameSync(`${path}-other`, `${path}-wal`);
    await expect(write()).rejects.toThrow('bridge.db-wal was replaced');
  });

  it.each<[string, () => void]>([
    ['with another database', () => writeFileSync(path, readFileSync(join(folder, 'other.db')))],
    ['with a backup of its own', () => writeFileSync(path, readFileSync(join(folder, 'backup.db')))],
    ['with what is no database', () => writeFileSync(path, 'x'.repeat(8192))],
    ['with nothing', () => truncateSync(path)],
  ])('is not worked on where it is overwritten in its place %s', async (_with, overwrite) => {
    const other = openDatabase(`file:${join(folder, 'other.db')}`);
    await migrate(other);
    await other.db.destroy();
    await backUp(join(folder, 'backup.db'));
    await put('acme');
    await expect(inTransaction(overwrite)).rejects.toThrow('was overwritten');
    await expect(read()).rejects.toThrow('was overwritten');
  });

  it('is its own still after checkpoints, and beside a command that writes', async () => {
    for (let round = 0; round < 3; round += 1) {
      await put(`portal-${round}`);
      const beside = openDatabase(`file:${path}`);
      await migrate(beside);
      await sql`pragma wal_checkpoint(truncate)`.execute(beside.db);
      await beside.db.destroy();
    }
    expect(await written()).toHaveLength(3);
  });
});
