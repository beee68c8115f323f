import { sql } from 'kysely';
import { type Db } from './transitions.js';

/** A dead delivery stays visible this long after its dead letter was confirmed: a month of holidays. */
export const DEAD_RETENTION_MS = 30 * 86_400_000;

/**
 * Deletes the records of deliveries that are settled, cleared on the portal and past their time. Returns how many;
 * at most `limit` of each kind, so that one run never holds the database for long.
 */
export async function purge(db: Db, lateFailureWindowMs: number, now: number, limit = 5000): Promise<number> {
  let count = 0;
  for (const [state, age] of [
    ['processed', lateFailureWindowMs],
    ['dead', DEAD_RETENTION_MS],
  ] as const) {
    const result = await db
      .deleteFrom('deliveries')
      .where('seq', 'in', (eb) =>
        eb
          .selectFrom('deliveries')
          .select('seq')
          .where('held', '=', sql.lit(0))
          .where('state', '=', sql.lit(state))
          .where('state_at', '<=', now - age)
          .limit(limit),
      )
      .executeTakeFirst();
    count += Number(result.numDeletedRows);
  }
  return count;
}
