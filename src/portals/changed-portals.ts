import { sql } from 'kysely';
import { type Database } from '../database/database.js';

/** What was changed since a look. */
interface Changed {
  readonly memberIds: readonly string[];
  /** What the next look is to begin from. */
  readonly upTo: number;
}

/**
 * Portals that were changed since a look, by whomever, those that are gone too; PostgreSQL notes them. It reads these and
 * no others. What is reported twice was changed by a transaction that ended while others, which are older, did not.
 * @param since what the last look has returned; null for none, which finds nothing
 */
export async function changedPortals({ db }: Pick<Database, 'db'>, since: number | null): Promise<Changed> {
  // One statement sees one state: all transactions below the oldest that is under way are in it.
  const { rows } = await sql<{ up_to: number; member_id: string | null }>`
    select now.up_to, c.member_id
    from (select txid_snapshot_xmin(txid_current_snapshot()) as up_to) as now
    left join portal_changes c on c.changed_in >= ${since}::bigint`.execute(db);
  return {
    upTo: rows[0]?.up_to ?? 0,
    memberIds: rows.flatMap(({ member_id: memberId }) => memberId ?? []),
  };
}

/**
 * Counts the portals anew where their number is not the noted one: rows were written without triggers, by a restored
 * backup, say.
 */
export async function recountPortals({ db }: Pick<Database, 'db'>): Promise<void> {
  const { rows } = await sql<{ wrong: boolean }>`
    select portals <> (select count(*) from portals) as wrong from portal_total`.execute(db);
  if (rows[0]?.wrong !== true) return;
  await db.transaction().execute(async (tx) => {
    // Transactions counted so far have ended then; the others add themselves to the new count.
    await sql`lock table portal_total in share row exclusive mode`.execute(tx);
    await sql`update portal_total set portals = (select count(*) from portals)`.execute(tx);
  });
}

/** A database that was restored from another server's backup has numbers that are far in this one's future. */
export async function forgetFutureChanges({ db }: Pick<Database, 'db'>): Promise<void> {
  await sql`update portal_changes set changed_in = 0 where changed_in > txid_current()`.execute(db);
}
