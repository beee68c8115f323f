import { sql } from 'kysely';
import { type Dialect } from '../database/dialect.js';
import { type DeliveryState } from '../database/schema.js';
import { type Db } from './transitions.js';

/** A dead delivery stays visible this long after its dead letter was confirmed: a month of holidays. */
export const DEAD_RETENTION_MS = 30 * 86_400_000;

/**
 * Deletes the records of deliveries that are settled, cleared on the portal and past their time. Returns how many;
 * at most `limit` of each kind, so that one run never holds the database for long.
 */
export async function purge(
  db: Db,
  dialect: Dialect,
  lateFailureWindowMs: number,
  now: number,
  limit = 5000,
): Promise<number> {
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
          // Word for word the condition of the partial index, from which SQLite concludes that it applies.
          .where('state', 'in', [sql.lit<DeliveryState>('processed'), sql.lit<DeliveryState>('dead')])
          .where('state', '=', sql.lit(state))
          .where('state_at', '<=', now - age)
          .limit(limit)
          // What a late failure is just being written to is not deleted under it.
          .$if(dialect === 'postgres', (query) => query.forUpdate().skipLocked()),
      )
      .executeTakeFirst();
    count += Number(result.numDeletedRows);
  }
  return count;
}
