import { sql } from 'kysely';
import { type Database } from '../../src/database/database.js';
import { usageOf } from './usage.js';

/** CPU time, µs. */
export interface DatabaseCpu {
  /** Of this process, in which SQLite runs. */
  readonly process: number;
  /** Of the server's processes that work for this database; 0 where there are none on this machine. */
  readonly server: number;
}

export async function databaseCpu({ db, dialect }: Pick<Database, 'db' | 'dialect'>): Promise<DatabaseCpu> {
  const { user, system } = process.cpuUsage();
  if (dialect === 'sqlite') return { process: user + system, server: 0 };
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where datname = current_database()`.execute(db);
  return { process: user + system, server: rows.reduce((sum, { pid }) => sum + secondsOf(pid) * 1e6, 0) };
}

/** What was used between two looks, for one of so many. */
export function cpuBetween(from: DatabaseCpu, to: DatabaseCpu, count: number): DatabaseCpu {
  return { process: (to.process - from.process) / count, server: (to.server - from.server) / count };
}

function secondsOf(pid: number): number {
  try {
    return usageOf(pid).cpuSeconds;
  } catch {
    // The server is on another machine, or the process has ended.
    return 0;
  }
}
