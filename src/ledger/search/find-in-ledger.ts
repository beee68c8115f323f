import { type Expression, type ExpressionBuilder, type RawBuilder, sql, type SqlBool } from 'kysely';
import { dialectSpoken } from '../../database/dialect.js';
import { type DeliveryState, type Schema } from '../../database/schema.js';
import { among } from '../lists.js';
import { type Db } from '../transitions.js';
import { isTroubled, TROUBLED } from '../trouble.js';
import { amongChanges } from './among-changes.js';
import { ofObject } from './by-object.js';
import { type Condition, type FoundMark, type FoundOrder } from './event-filter.js';
import { DELIVERY_COLUMNS, type DeliveryRow, foundDelivery, type FoundDelivery } from './found-delivery.js';

/** Deliveries that are read and sorted within a few milliseconds. */
const FEW = 2000;

/** Deliveries of which all of this holds, in order. @throws RangeError where the order does not go with the states */
export async function findInLedger(
  db: Db,
  condition: Condition,
  order: FoundOrder,
  after: FoundMark | undefined,
  limit: number,
): Promise<FoundDelivery[]> {
  const troubled = areTroubled(condition);
  if (order === 'latest' && !troubled) throw new RangeError(`latest goes with ${TROUBLED.join(', ')} only`);
  if (!canBeInLedger(condition)) return [];
  const few = !troubled && (await haveFew(db, condition));
  const column = order === 'latest' ? sql.ref<number>('state_at') : sql.ref<number>('changed_at');
  const direction = order === 'oldest' ? 'asc' : 'desc';
  const rows: DeliveryRow[] = await db
    .selectFrom('deliveries')
    .select(DELIVERY_COLUMNS)
    .where((eb) => ledgerCondition(db, eb, condition))
    .$if(few, (query) => query.where('seq', 'in', ofPortals(db, condition)))
    .$if(after !== undefined, (query) =>
      query.where(
        sql<boolean>`(${column}, seq) ${sql.raw(order === 'oldest' ? '>' : '<')} (${after?.at ?? 0}, ${after?.seq ?? 0})`,
      ),
    )
    .orderBy(column, direction)
    .orderBy('seq', direction)
    .limit(limit)
    .execute();
  return rows.map(foundDelivery);
}

/** Whether portals have so few deliveries that reading all of them is faster than looking for them among all others. */
async function haveFew(db: Db, condition: Condition): Promise<boolean> {
  const { memberIds, seq, objectId, reasonNos, processId, rowId, changes } = condition;
  if (memberIds === undefined) return false;
  if ([seq, objectId, reasonNos, processId, rowId, changes].some((one) => one !== undefined)) return false;
  const { count } = await db
    .selectFrom(
      ofPortals(db, condition)
        .limit(sql.lit(FEW + 1))
        .as('found'),
    )
    .select((eb) => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count) <= FEW;
}

function ofPortals(db: Db, { memberIds }: Condition) {
  return db
    .selectFrom('deliveries as own')
    .select('own.seq')
    .where('own.member_id', 'in', ['', ...(memberIds ?? [])]);
}

function areTroubled({ states }: Condition): boolean {
  return states !== undefined && states.every((state) => isLedgerState(state) && isTroubled(state));
}

/** Whether any state that is asked for is one of the ledger. */
export function canBeInLedger({ states }: Condition): boolean {
  return states === undefined || states.some((state) => state !== 'superseded');
}

const isLedgerState = (state: string): state is DeliveryState =>
  state !== 'discarded' && state !== 'superseded';

/** The condition on `deliveries`. */
export function ledgerCondition(
  db: Db,
  eb: ExpressionBuilder<Schema, 'deliveries'>,
  condition: Condition,
): Expression<SqlBool> {
  const { memberIds, codes, objectId, reasonNos, processId, seq, rowId, changes, from, to } = condition;
  // SQLite has no statistics, and would take the index of all that one portal has for the best.
  const plain = (name: string): RawBuilder<string> =>
    dialectSpoken(db) === 'sqlite' ? sql`+${sql.ref(name)}` : sql.ref(name);
  const wanted: Expression<SqlBool>[] = [];
  if (seq !== undefined) wanted.push(eb('seq', '=', seq));
  if (objectId !== undefined) wanted.push(ofObject(db, 'deliveries', objectId));
  if (reasonNos !== undefined) {
    wanted.push(among(db, 'reason_no', reasonNos), eb('reason_no', 'is not', null));
  }
  if (processId !== undefined) {
    const known = eb.selectFrom('portals').select('member_id');
    const former = eb
      .selectFrom('former_process_ids')
      .select('delivery_seq')
      .where('process_id', '=', processId)
      .where('member_id', 'in', known);
    // The index of batches begins with the portal.
    const present = eb
      .selectFrom('deliveries as present')
      .select('present.seq')
      .where('present.member_id', 'in', known)
      .where('present.process_id', '=', processId);
    wanted.push(eb.or([eb('seq', 'in', present), eb('seq', 'in', former)]));
  }
  if (memberIds !== undefined) wanted.push(eb(plain('member_id'), 'in', ['', ...memberIds]));
  if (codes !== undefined) wanted.push(eb(plain('event'), 'in', ['', ...codes]));
  if (rowId !== undefined) wanted.push(eb(plain('row_id'), '=', rowId));
  if (changes !== undefined) wanted.push(amongChanges(db, changes));
  if (from !== undefined) wanted.push(eb('changed_at', '>=', from));
  if (to !== undefined) wanted.push(eb('changed_at', '<=', to));
  wanted.push(...stateConditions(eb, condition));
  return eb.and(wanted);
}

function stateConditions(
  eb: ExpressionBuilder<Schema, 'deliveries'>,
  condition: Condition,
): Expression<SqlBool>[] {
  const { states } = condition;
  if (states === undefined) return [];
  const named = states.filter(isLedgerState);
  if (areTroubled(condition)) {
    const literals = (list: readonly DeliveryState[]) => list.map((state) => sql.lit(state));
    // Word for word the condition of a partial index, from which SQLite concludes that it applies.
    return [eb('state', 'in', literals(TROUBLED)), eb('state', 'in', literals(named))];
  }
  const others = named.filter((state) => state !== 'processed');
  const either: Expression<SqlBool>[] = [];
  if (others.length > 0) either.push(eb('state', 'in', others));
  if (states.includes('processed'))
    either.push(eb.and([eb('state', '=', 'processed'), eb('discarded_at', 'is', null)]));
  if (states.includes('discarded'))
    either.push(eb.and([eb('state', '=', 'processed'), eb('discarded_at', 'is not', null)]));
  return [eb.or(either)];
}
