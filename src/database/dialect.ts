/** The two databases that the ledger runs on. */
export type Dialect = 'sqlite' | 'postgres';

/** Tells the dialect of a `DATABASE_URL`. */
export function dialectOf(url: string): Dialect {
  return url.startsWith('file:') ? 'sqlite' : 'postgres';
}
