import { type ExpressionBuilder, type SqlBool, sql, type Expression } from 'kysely';
import { type Schema } from '../database/schema.js';
import { type Db } from './transitions.js';

/** Which portals to look at: those leased to this replica; null: all. */
export type PortalsOf = string | null;

type Asking = ExpressionBuilder<Schema & { portal: { member_id: string } }, 'portal'>;

/**
 * Portals for which a condition holds. Costs a fixed amount per portal looked at, however many others there are. A portal
 * whose lease has just expired may be listed: without a loop here it is ignored.
 */
export async function portalsWhere(
  db: Db,
  owner: PortalsOf,
  condition: (eb: Asking) => Expression<SqlBool>,
): Promise<string[]> {
  const rows = await db
    .selectFrom((eb) =>
      owner === null
        ? eb.selectFrom('portals').select('member_id').as('portal')
        : eb.selectFrom('leases').select('member_id').where('owner', '=', owner).as('portal'),
    )
    .select('portal.member_id')
    .where(condition)
    .execute();
  return rows.map((row) => row.member_id);
}

/** Deliveries of the portal that is asked. */
export function deliveriesOf(eb: Asking) {
  return eb.selectFrom('deliveries').select('seq').whereRef('deliveries.member_id', '=', 'portal.member_id');
}

/** Portals with deliveries that are to be published now: two index lookups for each, however many there are. */
export function duePortals(db: Db, owner: PortalsOf, now: number): Promise<string[]> {
  return portalsWhere(db, owner, (eb) => {
    const deliveries = deliveriesOf(eb);
    return eb.or([
      eb.exists(deliveries.where('deliveries.state', '=', sql.lit('reserved'))),
      eb.exists(
        deliveries.where('deliveries.state', '=', sql.lit('waiting')).where('deliveries.due_at', '<=', now),
      ),
    ]);
  });
}

/** Portals with deliveries that failed at this time or before (Unix ms) and are not marked yet. */
export function portalsToMark(db: Db, owner: PortalsOf, failedUntil: number): Promise<string[]> {
  return portalsWhere(db, owner, (eb) =>
    eb.exists(
      deliveriesOf(eb)
        .where('deliveries.state', '=', sql.lit('failed'))
        .where('deliveries.state_at', '<=', failedUntil),
    ),
  );
}

/** Portals with marked deliveries whose time came in the span (Unix ms): their next round fetches them. */
export function portalsToFetch(
  db: Db,
  owner: PortalsOf,
  { after, until }: { readonly after: number; readonly until: number },
): Promise<string[]> {
  return portalsWhere(db, owner, (eb) =>
    eb.exists(
      deliveriesOf(eb)
        .where('deliveries.state', '=', sql.lit('marked'))
        .where('deliveries.due_at', '>', after)
        .where('deliveries.due_at', '<=', until),
    ),
  );
}
