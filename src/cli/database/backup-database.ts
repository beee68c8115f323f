import { closeSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../database/database.js';
import { dropStamp } from '../../database/stamp.js';
import { reasonOf } from '../../logging/reason.js';
import { databaseIsMissing } from '../command/command-context.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';

/** It has tokens in it, in clear where there is no key. */
const MODE = 0o600;

/**
 * Copies a SQLite database to a new file, of one moment and while the service runs; the copy is checked before this says
 * that it is there.
 * @throws {CommandFailed}
 */
export async function backupDatabase(url: string, target: string): Promise<CommandResult> {
  if (!url.startsWith('file:')) {
    throw new CommandFailed('that is for SQLite; of PostgreSQL make backups with pg_dump, or by archiving');
  }
  if (databaseIsMissing(url)) throw new CommandFailed(`there is no database ${url}`);
  const path = resolve(target);
  makeEmpty(path);
  let database: Database | null = null;
  try {
    database = openDatabase(url);
    // Into an empty file, which keeps its mode.
    await sql`vacuum into ${sql.lit(path)}`.execute(database.db);
    sync(path);
    await check(path);
  } catch (error) {
    rmSync(path, { force: true });
    throw new CommandFailed(`no backup was made: ${reasonOf(error)}`);
  } finally {
    await database?.db.destroy();
  }
  const { size } = statSync(path);
  return {
    exitCode: 0,
    text: `${path}: ${size} bytes, checked, readable by its owner only. Keep TOKEN_ENCRYPTION_KEY apart from it.`,
    json: { backup: path, bytes: size, checked: true },
  };
}

/** @throws {CommandFailed} where there is something already, or it cannot be made */
function makeEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', MODE));
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException | null)?.code === 'EEXIST';
    throw new CommandFailed(
      exists ? `${path} is there already: name another file` : `${path}: ${reasonOf(error)}`,
    );
  }
}

/** A copy that a power cut undoes is none. */
function sync(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

async function check(path: string): Promise<void> {
  const copy = openDatabase(`file:${path}`);
  try {
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(copy.db);
    const said = rows.map(({ integrity_check: words }) => words).join('; ');
    if (said !== 'ok') throw new Error(`the copy is damaged: ${said.slice(0, 300)}`);
    await dropStamp(copy);
    // Into the file itself: one that lies beside it would be forgotten when it is moved.
    await sql`pragma journal_mode = delete`.execute(copy.db);
  } finally {
    await copy.db.destroy();
  }
}
