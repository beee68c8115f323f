import { sql } from 'kysely';
import { type Dialect } from '../database/dialect.js';
import { among } from './lists.js';
import { type Db } from './transitions.js';

/**
 * Until its transaction ends, no other transaction changes deliveries of these portals. A verb reads, decides and writes;
 * without this, PostgreSQL would let a confirm, a round and another replica's replies write in between (a success
 * could undo a failure) and stop one of them as a deadlock. SQLite has one writer anyway.
 */
export async function claimPortals(db: Db, dialect: Dialect, memberIds: Iterable<string>): Promise<void> {
  if (dialect === 'sqlite') return;
  // In one order, so that two claims never wait for each other.
  for (const memberId of [...new Set(memberIds)].sort()) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${memberId}, 0))`.execute(db);
  }
}

/** The same for the portals of some deliveries. */
export async function claimPortalsOf(db: Db, dialect: Dialect, seqs: readonly number[]): Promise<void> {
  if (dialect === 'sqlite') return;
  const rows = await db
    .selectFrom('deliveries')
    .select('member_id')
    .distinct()
    .where(among(db, 'seq', seqs))
    .execute();
  await claimPortals(
    db,
    dialect,
    rows.map((row) => row.member_id),
  );
}
