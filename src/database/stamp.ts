import { randomInt } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { type Database } from './database.js';
import { type Schema } from './schema.js';

const LARGEST = 2 ** 31 - 1;

/**
 * Gives a SQLite file a number of its own, in the head of the file, by which the running service sees that another file
 * was written over it. Only where it has none: it is the same for all processes and for good.
 */
export async function ensureStamp({ db, dialect }: Pick<Database, 'db' | 'dialect'>): Promise<void> {
  if (dialect !== 'sqlite' || (await stampOf(db)) !== 0) return;
  await db.transaction().execute(async (tx) => {
    if ((await stampOf(tx)) === 0)
      await sql`pragma application_id = ${sql.lit(randomInt(1, LARGEST))}`.execute(tx);
  });
  // Into the file itself.
  await sql`pragma wal_checkpoint(passive)`.execute(db);
}

async function stampOf(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ application_id: number }>`pragma application_id`.execute(db);
  return rows[0]?.application_id ?? 0;
}

/** A copy is another file. */
export async function dropStamp({ db }: Pick<Database, 'db'>): Promise<void> {
  await sql`pragma application_id = 0`.execute(db);
}
