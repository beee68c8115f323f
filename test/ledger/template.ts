import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { dropStamp, ensureStamp } from '../../src/database/stamp.js';

/**
 * SQLite databases that are migrated already, as copies of one that is migrated once in a run: some thirty migrations take
 * ten times longer than a copy. `test/ledger/migrations.spec.ts` tests the migrations themselves.
 */

/** Made and removed by jest's global setup and teardown (`test/support/run-folder.mjs`, `end-of-run.mjs`). */
export function runFolder(): string {
  const folder = process.env['TEST_RUN_FOLDER'];
  if (folder === undefined)
    throw new Error('no TEST_RUN_FOLDER: jest.config.mjs names the global setup that makes it');
  return folder;
}

/** Puts a migrated database where there is none yet. */
export async function copyMigratedFile(path: string): Promise<void> {
  copyFileSync(await templateFile(), path);
  const database = openDatabase(`file:${path}`);
  // The running service tells files apart by it.
  await ensureStamp(database);
  await database.db.destroy();
}

/** A migrated database in memory: it is given the tables and rows of the template. */
export async function openMigratedInMemory(): Promise<Database> {
  const template = await templateFile();
  const database = openDatabase('file::memory:');
  await database.db.connection().execute(async (db) => {
    await sql`attach database ${template} as template`.execute(db);
    const { rows } = await sql<{ type: string; name: string; sql: string }>`
      select type, name, sql from template.sqlite_master
      where sql is not null and name not like 'sqlite\\_%' escape '\\' order by rowid`.execute(db);
    for (const made of rows) await sql.raw(made.sql).execute(db);
    for (const { name } of rows.filter(({ type }) => type === 'table')) {
      const first = await sql`select 1 from template.${sql.id(name)} limit 1`.execute(db);
      if (first.rows.length > 0)
        await sql`insert into main.${sql.id(name)} select * from template.${sql.id(name)}`.execute(db);
    }
    await sql`detach database template`.execute(db);
  });
  await ensureStamp(database);
  return database;
}

async function templateFile(): Promise<string> {
  const template = join(runFolder(), 'migrated.db');
  if (existsSync(template)) return template;
  // Other workers may make it at the same time: whoever is ready last puts an equal one in its place.
  const making = `${template}.${process.pid}`;
  const database = openDatabase('file::memory:');
  await migrate(database);
  await dropStamp(database);
  await sql`vacuum into ${making}`.execute(database.db);
  await database.db.destroy();
  renameSync(making, template);
  return template;
}
