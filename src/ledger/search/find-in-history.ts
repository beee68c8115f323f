import { type RawBuilder, sql } from 'kysely';
import {
  HISTORY_OUTCOMES,
  type HistoryOutcome,
  OUTCOME_NUMBERS,
  outcomeOf,
} from '../history/history-outcome.js';
import { among } from '../lists.js';
import { type Db } from '../transitions.js';
import { amongChanges } from './among-changes.js';
import { ofObject } from './by-object.js';
import { type Condition, type FoundMark, type FoundOrder, type FoundState } from './event-filter.js';
import { type FoundDelivery } from './found-delivery.js';

interface HistoryRow {
  readonly seq: number;
  readonly member_id: string;
  readonly code: string;
  readonly process_id: string | null;
  readonly reason: string | null;
  readonly object_id: string | null;
  readonly row_id: string;
  readonly changed_at: number;
  readonly reserved_at: number;
  readonly published_at: number | null;
  readonly settled_at: number;
  readonly outcome: number;
  readonly attempts: number;
}

/** Events that are read and sorted within a few milliseconds. */
const FEW = 5000;
/** Outcomes from this number on are those of few events; see the migration 0033-narrow-indexes. */
const RARE_FROM = OUTCOME_NUMBERS.discarded;

/** What became of events of which all of this holds, in order. */
export async function findInHistory(
  db: Db,
  condition: Condition,
  order: Exclude<FoundOrder, 'latest'>,
  after: FoundMark | undefined,
  limit: number,
): Promise<FoundDelivery[]> {
  const wanted = await historyCondition(db, condition);
  if (wanted === null) return [];
  const way = sql.raw(order === 'oldest' ? 'asc' : 'desc');
  const beyond =
    after === undefined
      ? sql``
      : sql`and (changed_at, seq) ${sql.raw(order === 'oldest' ? '>' : '<')} (${after.at}, ${after.seq})`;
  const { rows } = await sql<HistoryRow>`
    select h.seq, p.member_id, c.code, b.process_id, r.text as reason, h.object_id, h.row_id, h.changed_at,
      h.reserved_at, h.published_at, h.settled_at, h.outcome, h.attempts
    from (select * from history where ${wanted} ${beyond}
        order by changed_at ${way}, seq ${way} limit ${limit}) as h
      left join portal_numbers p on p.no = h.portal_no
      left join event_codes c on c.no = h.code_no
      left join history_batches b on b.no = h.batch_no
      left join reasons r on r.no = h.reason_no
    order by h.changed_at ${way}, h.seq ${way}`.execute(db);
  return rows.map(foundInHistory);
}

/** The condition on `history`; null where nothing there can meet it. */
async function historyCondition(db: Db, condition: Condition): Promise<RawBuilder<boolean> | null> {
  const { memberIds, codes, states, objectId, reasonNos, processId, seq, rowId, changes, from, to } =
    condition;
  const wanted: RawBuilder<unknown>[] = [];
  if (seq !== undefined) wanted.push(sql`seq = ${seq}`);
  if (objectId !== undefined) wanted.push(ofObject(db, 'history', objectId));
  if (reasonNos !== undefined)
    wanted.push(sql`${among(db, 'reason_no', reasonNos)} and reason_no is not null`);
  if (processId !== undefined) {
    const batches = await db
      .selectFrom('history_batches')
      .select('no')
      .where('process_id', '=', processId)
      .execute();
    wanted.push(sql`batch_no in (${sql.join([-1, ...batches.map(({ no }) => no)])})`);
  }
  if (memberIds !== undefined) {
    const portals = await db
      .selectFrom('portal_numbers')
      .select('no')
      .where('member_id', 'in', ['', ...memberIds])
      .execute();
    if (portals.length === 0) return null;
    const portalNos = portals.map(({ no }) => no);
    wanted.push(sql`portal_no in (${sql.join(portalNos)})`);
    const isNarrow = [seq, objectId, reasonNos, processId, rowId].some((one) => one !== undefined);
    if (!isNarrow && (await haveFew(db, portalNos))) wanted.push(sql`seq in (${ofPortals(portalNos)})`);
  }
  if (codes !== undefined) {
    const known = await db
      .selectFrom('event_codes')
      .select('no')
      .where('code', 'in', ['', ...codes])
      .execute();
    if (known.length === 0) return null;
    wanted.push(sql`code_no in (${sql.join(known.map(({ no }) => no))})`);
  }
  if (rowId !== undefined) wanted.push(sql`row_id = ${rowId}`);
  if (changes !== undefined) wanted.push(amongChanges(db, changes));
  if (from !== undefined) wanted.push(sql`changed_at >= ${from}`);
  if (to !== undefined) wanted.push(sql`changed_at <= ${to}`);
  if (states !== undefined) {
    const outcomes = HISTORY_OUTCOMES.filter((outcome) => states.includes(stateOf(outcome)));
    if (outcomes.length === 0) return null;
    // Those that few events have, word for word the condition of their index.
    if (outcomes.every((outcome) => OUTCOME_NUMBERS[outcome] >= RARE_FROM))
      wanted.push(sql`outcome >= ${sql.lit(RARE_FROM)}`);
    wanted.push(sql`outcome in (${sql.join(outcomes.map((outcome) => sql.lit(OUTCOME_NUMBERS[outcome])))})`);
  }
  return wanted.length === 0 ? sql<boolean>`1 = 1` : sql<boolean>`${sql.join(wanted, sql` and `)}`;
}

/**
 * Whether portals have so few events that reading all of them is faster than looking for them among those of all others:
 * by their batches, since an index by portal would cost something with every event.
 */
async function haveFew(db: Db, portalNos: readonly number[]): Promise<boolean> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (${ofPortals(portalNos)} limit ${sql.lit(FEW + 1)}) as found`.execute(db);
  return Number(rows[0]?.count ?? 0) <= FEW;
}

function ofPortals(portalNos: readonly number[]): RawBuilder<unknown> {
  return sql`select seq from history where batch_no in
    (select no from history_batches where portal_no in (${sql.join(portalNos)}))`;
}

/** What of an event's outcome is its state. */
function stateOf(outcome: HistoryOutcome): FoundState {
  return outcome === 'silent' ? 'processed' : outcome;
}

function foundInHistory(row: HistoryRow): FoundDelivery {
  const outcome = outcomeOf(row.outcome);
  return {
    seq: row.seq,
    isHistory: true,
    memberId: row.member_id,
    code: row.code,
    objectId: row.object_id,
    rowId: row.row_id,
    processId: row.process_id,
    state: stateOf(outcome),
    stateSince: row.settled_at,
    outcome,
    attempts: row.attempts,
    reason: row.reason,
    changedAt: row.changed_at,
    reservedAt: row.reserved_at,
    publishedAt: row.published_at,
    settledAt: row.settled_at,
    dueAt: null,
    refusals: 0,
    refusedKey: null,
  };
}
