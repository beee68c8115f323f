import { type Selectable } from 'kysely';
import { type DeliveriesTable, type DeliveryState } from '../database/schema.js';
import { type Db } from './transitions.js';

/** A delivery with everything that the ledger knows of it. */
export type DeliveryRecord = Selectable<DeliveriesTable>;

/** Which deliveries; what is left out does not narrow. */
export interface DeliveryFilter {
  readonly states: readonly DeliveryState[];
  readonly memberId?: string;
  /** Event codes in capitals. */
  readonly events?: readonly string[];
}

/** Names one delivery, or every delivery of one change. */
export type DeliveryReference =
  | { readonly seq: number }
  | { readonly memberId: string; readonly rowId: string; readonly changedAt: number };

/** Deliveries in the order of their reservation, at most `limit`. */
export async function listDeliveries(
  db: Db,
  filter: DeliveryFilter,
  limit: number,
): Promise<DeliveryRecord[]> {
  return matching(db, filter).selectAll().orderBy('seq').limit(limit).execute();
}

/** How many there are, by state; a state with none is missing. */
export async function countDeliveries(
  db: Db,
  filter: DeliveryFilter,
): Promise<Partial<Record<DeliveryState, number>>> {
  const rows = await matching(db, filter)
    .select((eb) => ['state' as const, eb.fn.countAll().as('count')])
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.state, Number(row.count)]));
}

/** The `seq` of each, ascending. */
export async function deliverySeqs(db: Db, filter: DeliveryFilter): Promise<number[]> {
  const rows = await matching(db, filter).select('seq').orderBy('seq').execute();
  return rows.map((row) => row.seq);
}

/** What a reference names, the newest first; empty where the ledger has nothing of it. */
export async function findDeliveries(db: Db, reference: DeliveryReference): Promise<DeliveryRecord[]> {
  const query = db.selectFrom('deliveries').selectAll();
  const named =
    'seq' in reference
      ? query.where('seq', '=', reference.seq)
      : query
          .where('member_id', '=', reference.memberId)
          .where('row_id', '=', reference.rowId)
          .where('changed_at', '=', reference.changedAt);
  return named.orderBy('seq', 'desc').execute();
}

function matching(db: Db, { states, memberId, events }: DeliveryFilter) {
  return db
    .selectFrom('deliveries')
    .where('state', 'in', [...states])
    .$if(memberId !== undefined, (query) => query.where('member_id', '=', memberId ?? ''))
    .$if(events !== undefined, (query) => query.where('event', 'in', [...(events ?? [])]));
}
