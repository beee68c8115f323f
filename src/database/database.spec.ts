import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
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

  it('migrates at start, and a second time without effect', async () => {
    const database = fresh();
    expect(await migrate(database)).toEqual(['0001-ledger']);
    expect(await migrate(database)).toEqual([]);
    expect(await database.db.selectFrom('deliveries').selectAll().execute()).toEqual([]);
  });
});
