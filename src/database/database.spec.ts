import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import Libsql from 'libsql';
import { type Database, openDatabase } from './database.js';
import { migrate } from './migrate.js';

describe('the embedded database', () => {
  const folders: string[] = [];
  const open: Database[] = [];
  afterEach(async () => {
    for (const database of open.splice(0)) await database.db.destroy();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const fresh = () => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-db-'));
    folders.push(folder);
    const database = openDatabase(`file:${folder}/deep/bridge.db`);
    open.push(database);
    return database;
  };

  it('commits durably: write-ahead log with full synchronisation', async () => {
    const { db } = fresh();
    const mode = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db);
    const synchronous = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
    expect(mode.rows[0]?.journal_mode).toBe('wal');
    expect(synchronous.rows[0]?.synchronous).toBe(2);
  });

  it('is readable by its owner only: it may hold tokens in clear', async () => {
    const { db } = fresh();
    await sql`create table t (a)`.execute(db);
    const [folder = ''] = folders;
    const modes = readdirSync(`${folder}/deep`).map(
      (name) => statSync(`${folder}/deep/${name}`).mode & 0o777,
    );
    expect(modes.length).toBeGreaterThan(1);
    expect(modes.every((mode) => mode === 0o600)).toBe(true);
  });

  it('migrates at start, and a second time without effect', async () => {
    const database = fresh();
    const names = await migrate(database);
    expect(names[0]).toBe('0001-ledger');
    // Kysely runs them in the order of their names, and refuses one that comes before another that has run.
    const numbers = names.map((name) => Number(/^(\d{4})-[a-z-]+$/.exec(name)?.[1]));
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    expect(await migrate(database)).toEqual([]);
    expect(await database.db.selectFrom('deliveries').selectAll().execute()).toEqual([]);
  });

  it('is opened on the next use where opening failed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-db-'));
    folders.push(folder);
    writeFileSync(`${folder}/deep`, 'a file in the way of the folder');
    const database = openDatabase(`file:${folder}/deep/bridge.db`);
    open.push(database);
    await expect(migrate(database)).rejects.toThrow(/EEXIST|ENOTDIR/);
    rmSync(`${folder}/deep`);
    await migrate(database);
    expect(await database.db.selectFrom('deliveries').selectAll().execute()).toEqual([]);
  });

  describe('locked by somebody else', () => {
    const row = (db: Database['db'], member: string) =>
      db.insertInto('journal').values({
        member_id: member,
        row_id: '1',
        message_id: 'm',
        changed_at: 1,
        event: 'ONCRMDEALUPDATE',
        payload: 'null',
        user_id: null,
        errored: 0,
      });
    const lock = (folder: string) => {
      const other = new Libsql(`${folder}/deep/bridge.db`);
      other.exec('begin immediate');
      return () => {
        other.exec('rollback');
        other.close();
      };
    };

    it('is waited for without holding up the process, and then written', async () => {
      const database = fresh();
      await migrate(database);
      const release = lock(folders[0] ?? '');
      let turns = 0;
      const turning = setInterval(() => {
        turns += 1;
        if (turns === 20) release();
      }, 5);
      await row(database.db, 'a').execute();
      clearInterval(turning);
      expect(turns).toBeGreaterThanOrEqual(20);
    });

    it('is given up after 2 s, at once by those who come later, and written again when it is free', async () => {
      const database = fresh();
      await migrate(database);
      const release = lock(folders[0] ?? '');
      const inTransaction = () =>
        database.db.transaction().execute(async (tx) => {
          await row(tx, 'b').execute();
        });
      await expect(row(database.db, 'a').execute()).rejects.toThrow('database is locked');
      const before = performance.now();
      await expect(inTransaction()).rejects.toThrow('database is locked');
      expect(performance.now() - before).toBeLessThan(1500);
      expect(await database.db.selectFrom('journal').selectAll().execute()).toEqual([]);
      release();
      await row(database.db, 'a').execute();
      await inTransaction();
      expect(await database.db.selectFrom('journal').selectAll().execute()).toHaveLength(2);
    });
  });
});
