import { sql } from 'kysely';
import { type Database } from './database.js';

/**
 * A number that differs from an earlier one if another process has committed in between, so that what was read need
 * not be read again; null where the database does not say (PostgreSQL). Our own commits leave it as it is.
 * https://www.sqlite.org/pragma.html#pragma_data_version
 */
export async function dataVersion({ db, dialect }: Database): Promise<number | null> {
  if (dialect !== 'sqlite') return null;
  const { rows } = await sql<{ data_version: number }>`pragma data_version`.execute(db);
  return rows[0]?.data_version ?? null;
}
