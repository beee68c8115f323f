import { sql } from 'kysely';
import { type Db } from './transitions.js';

/** Portals with waiting deliveries that are due: one look into an index for each portal, however many wait. */
export async function duePortals(db: Db, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('portals')
    .select('member_id')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('deliveries')
          .select('seq')
          .whereRef('deliveries.member_id', '=', 'portals.member_id')
          .where('deliveries.state', '=', sql.lit('waiting'))
          .where('deliveries.due_at', '<=', now),
      ),
    )
    .execute();
  return rows.map((row) => row.member_id);
}
