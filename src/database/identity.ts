import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Database } from './database.js';

/** Tells a database from every other. It stays the same for as long as there is the database, or a copy of it. */
export interface DatabaseIdentity {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** Name of the machine on which it was given, for people. */
  readonly madeOn: string;
}

const ONLY_ROW = 1;

/** The database's identity, given now where it has none yet; processes that do so at once agree on one. */
export async function ensureIdentity({ db }: Pick<Database, 'db'>): Promise<DatabaseIdentity> {
  const known = await readIdentity({ db });
  if (known !== null) return known;
  await db
    .insertInto('identity')
    .values({ only_row: ONLY_ROW, id: randomBytes(8).toString('hex'), made_on: hostname() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const given = await readIdentity({ db });
  if (given === null) throw new Error('the database does not keep its identity');
  return given;
}

/** Null where no bridge has worked on the database yet. */
export async function readIdentity({ db }: Pick<Database, 'db'>): Promise<DatabaseIdentity | null> {
  const row = await db.selectFrom('identity').select(['id', 'made_on']).executeTakeFirst();
  return row === undefined ? null : { id: row.id, madeOn: row.made_on };
}
