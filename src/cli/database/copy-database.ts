import { existsSync, renameSync } from 'node:fs';
import { within } from '../../timing/within.js';
import { copyDatabase, type Copied, CopyRefused } from '../../database/copy.js';
import { type Database, openDatabase } from '../../database/database.js';
import { claimSoleProcess, DatabaseInUse } from '../../database/sole-process.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { reasonOf } from '../../logging/reason.js';
import { databaseIsMissing } from '../command/command-context.js';

const CONNECT_MS = 10_000;

/**
 * Copies a SQLite database to an empty PostgreSQL one while no service runs on either, and puts the old file out of
 * the way: a service that was started on it by mistake would drain the same portals from an old state.
 *
 * @throws {CommandFailed}
 */
export async function moveDatabase(from: string, to: string): Promise<CommandResult> {
  const path = filePathOf(from);
  if (!/^postgres(ql)?:\/\//.test(to)) {
    throw new CommandFailed('--to must be postgres://… (without it, DATABASE_URL is where the copy goes)', 2);
  }
  if (databaseIsMissing(from)) throw new CommandFailed(`there is no database ${from}`);
  const moved = `${path}.moved`;
  if (existsSync(moved)) {
    throw new CommandFailed(`${moved} is there already, from an earlier copy: delete or rename it first`);
  }
  // Until the file has its new name, no service can start on it.
  const release = claim(from);
  try {
    const copied = await copy(from, to);
    putAside(path, moved);
    return report(from, to, moved, copied);
  } finally {
    release();
  }
}

function filePathOf(url: string): string {
  const path = url.startsWith('file:') ? url.slice('file:'.length) : '';
  if (path === '' || path === ':memory:') {
    throw new CommandFailed('--from must be file:<path>, as DATABASE_URL was', 2);
  }
  return path;
}

/** @throws {CommandFailed} */
function claim(url: string): () => void {
  try {
    return claimSoleProcess(url);
  } catch (error) {
    if (error instanceof DatabaseInUse)
      throw new CommandFailed(`a bridge is running on ${url}: stop it first`);
    throw new CommandFailed(`${url} cannot be used: ${reasonOf(error)}`);
  }
}

async function copy(from: string, to: string): Promise<Copied> {
  const open: Database[] = [];
  try {
    const [source, target] = [openDatabase(from), openDatabase(to)];
    open.push(source, target);
    await within(CONNECT_MS, target.db.introspection.getTables());
    return await copyDatabase(source, target);
  } catch (error) {
    if (error instanceof CopyRefused) throw new CommandFailed(`nothing was copied: ${error.message}`);
    throw new CommandFailed(`nothing was copied: ${reasonOf(error)}`);
  } finally {
    for (const { db } of open) await db.destroy();
  }
}

function putAside(path: string, moved: string): void {
  try {
    // Closing the file has merged its write-ahead log, unless another program has it open.
    for (const suffix of ['-wal', '-shm', '']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, moved + suffix);
    }
  } catch (error) {
    throw new CommandFailed(
      `everything was copied, but ${path} could not be renamed: ${reasonOf(error)}. Never start a service on it again`,
    );
  }
}

function report(from: string, to: string, moved: string, copied: Copied): CommandResult {
  const { rows, deliveriesByState, lastSeq } = copied;
  const states = Object.entries(deliveriesByState).map(([state, count]) => `${count} ${state}`);
  return {
    exitCode: 0,
    text: [
      `copied from ${from} to ${reasonOf(to)}, and compared:`,
      `  ${rows.portals} portals, with their tokens as they are stored`,
      `  ${rows.deliveries} deliveries${states.length === 0 ? '' : `: ${states.join(', ')}`}`,
      `  ${rows.journal} rows of the journal`,
      `the old file is ${moved} now; set DATABASE_URL to the new database and start the service`,
    ].join('\n'),
    json: { from, to: reasonOf(to), copied: rows, deliveriesByState, lastSeq, movedTo: moved },
  };
}
