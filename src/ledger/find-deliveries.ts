import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import { type DeliveriesTable, type DeliveryState, type Schema } from '../database/schema.js';
import { chunks, type Db } from './transitions.js';
import { isTroubled, TROUBLED } from './trouble.js';

/** A delivery with everything that the ledger knows of it. */
export type DeliveryRecord = Selectable<DeliveriesTable>;

/** Which deliveries; what is left out does not narrow. */
export interface DeliveryFilter {
  readonly states: readonly DeliveryState[];
  readonly memberId?: string;
  /** Event codes in capitals. */
  readonly events?: readonly string[];
  /** Occurs in the reason, the payload or the event code, whatever the case of its Latin letters; or is an id. */
  readonly text?: string;
  /** Failed last for exactly this reason; null: for none that was given. */
  readonly reason?: string | null;
  /** Reserved no later than this one. */
  readonly upToSeq?: number;
}

/** Where a page of deliveries begins: after this one. */
export interface PageMark {
  readonly stateAt: number;
  readonly seq: number;
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

/** Deliveries by the time at which they entered their state, at most `limit`. */
export async function latestDeliveries(
  db: Db,
  filter: DeliveryFilter,
  limit: number,
  after?: PageMark,
  order: 'latest' | 'oldest' = 'latest',
): Promise<DeliveryRecord[]> {
  const [beyond, direction] = order === 'latest' ? (['<', 'desc'] as const) : (['>', 'asc'] as const);
  return matching(db, filter)
    .selectAll()
    .$if(after !== undefined, (query) =>
      query
        .where('state_at', `${beyond}=`, after?.stateAt ?? 0)
        .where((eb) =>
          eb.or([eb('state_at', beyond, after?.stateAt ?? 0), eb('seq', beyond, after?.seq ?? 0)]),
        ),
    )
    .orderBy('state_at', direction)
    .orderBy('seq', direction)
    .limit(limit)
    .execute();
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

/** State and portal of each of these deliveries; of those that are gone, nothing. */
export async function someDeliveries(
  db: Db,
  seqs: readonly number[],
): Promise<{ seq: number; state: DeliveryState; memberId: string }[]> {
  const found: { seq: number; state: DeliveryState; memberId: string }[] = [];
  for (const part of chunks(seqs)) {
    const rows = await db
      .selectFrom('deliveries')
      .select(['seq', 'state', 'member_id as memberId'])
      .where('seq', 'in', part)
      .execute();
    found.push(...rows);
  }
  return found;
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

/** The deliveries that a filter means. */
export function matching(db: Db, { states, memberId, events, text, reason, upToSeq }: DeliveryFilter) {
  return (
    db
      .selectFrom('deliveries')
      .where(
        'state',
        'in',
        states.map((state) => sql.lit(state)),
      )
      // Word for word the condition of a partial index, from which SQLite concludes that it applies.
      .$if(states.every(isTroubled), (query) =>
        query.where(
          'state',
          'in',
          TROUBLED.map((state) => sql.lit(state)),
        ),
      )
      .$if(memberId !== undefined, (query) => query.where('member_id', '=', memberId ?? ''))
      .$if(events !== undefined, (query) => query.where('event', 'in', [...(events ?? [])]))
      .$if(reason !== undefined, (query) =>
        query.where('reason', reason === null ? 'is' : '=', reason ?? null),
      )
      .$if(upToSeq !== undefined, (query) => query.where('seq', '<=', upToSeq ?? 0))
      .$if(text !== undefined && text !== '', (query) => query.where((eb) => mentions(eb, text ?? '')))
  );
}

/** Ids are given whole: a short number occurs in every other hash. */
function mentions(eb: ExpressionBuilder<Schema, 'deliveries'>, text: string) {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
  return eb.or([
    ...(['reason', 'payload', 'event'] as const).map(
      (column) => sql<boolean>`lower(${eb.ref(column)}) like ${pattern} escape '\\'`,
    ),
    ...(['row_id', 'message_id', 'process_id'] as const).map((column) => eb(column, '=', text)),
  ]);
}
