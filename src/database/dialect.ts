import { type Kysely, SqliteAdapter } from 'kysely';
import { type Schema } from './schema.js';

/** The two databases that the ledger runs on. */
export type Dialect = 'sqlite' | 'postgres';

/** Tells the dialect of a `DATABASE_URL`. */
export function dialectOf(url: string): Dialect {
  return url.startsWith('file:') ? 'sqlite' : 'postgres';
}

/** Tells which of the two an open database or transaction speaks. */
export function dialectSpoken(db: Kysely<Schema>): Dialect {
  return db.getExecutor().adapter instanceof SqliteAdapter ? 'sqlite' : 'postgres';
}
