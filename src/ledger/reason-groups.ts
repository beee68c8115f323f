import { type DeliveryFilter, matching } from './find-deliveries.js';
import { type Db } from './transitions.js';

/** Deliveries that went wrong for the same reason. */
export interface ReasonGroup {
  /** Null: for none that was given. */
  readonly reason: string | null;
  readonly events: number;
  readonly portals: number;
  /** When the last of them entered its state, Unix ms. */
  readonly lastAt: number;
}

/** The reasons of most of the deliveries that match, at most `limit`. */
export async function reasonGroups(db: Db, filter: DeliveryFilter, limit: number): Promise<ReasonGroup[]> {
  const rows = await matching(db, filter)
    .select((eb) => [
      'reason' as const,
      eb.fn.countAll().as('events'),
      eb.fn.count('member_id').distinct().as('portals'),
      eb.fn.max('state_at').as('last'),
    ])
    .groupBy('reason')
    .orderBy('events', 'desc')
    .orderBy('last', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    reason: row.reason,
    events: Number(row.events),
    portals: Number(row.portals),
    lastAt: Number(row.last),
  }));
}
