import { sql } from 'kysely';
import { type Db } from './transitions.js';

/** Portals with deliveries that are to be published now: two index lookups for each, however many there are. */
export async function duePortals(db: Db, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('portals')
    .select('member_id')
    .where((eb) => {
      const deliveries = eb
        .selectFrom('deliveries')
        .select('seq')
        .whereRef('deliveries.member_id', '=', 'portals.member_id');
      return eb.or([
        eb.exists(deliveries.where('deliveries.state', '=', sql.lit('reserved'))),
        eb.exists(
          deliveries.where('deliveries.state', '=', sql.lit('waiting')).where('deliveries.due_at', '<=', now),
        ),
      ]);
    })
    .execute();
  return rows.map((row) => row.member_id);
}

/** Portals with deliveries that failed at this time or before (Unix ms) and are not marked yet. */
export async function portalsToMark(db: Db, failedUntil: number): Promise<string[]> {
  const rows = await db
    .selectFrom('portals')
    .select('member_id')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('deliveries')
          .select('seq')
          .whereRef('deliveries.member_id', '=', 'portals.member_id')
          .where('deliveries.state', '=', sql.lit('failed'))
          .where('deliveries.state_at', '<=', failedUntil),
      ),
    )
    .execute();
  return rows.map((row) => row.member_id);
}
