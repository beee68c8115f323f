import { sql } from 'kysely';
import { type DeliveryState } from '../database/schema.js';
import { type ReservedEvent } from './record-reserved.js';
import { latestSaneDueAt, type RetryPolicy } from './retry-timing.js';
import { type Db } from './transitions.js';

/** A failed delivery that is to be marked on the portal. */
export interface Failure {
  readonly processId: string;
  readonly messageId: string;
  readonly rowId: string;
  /** When it failed, Unix ms. */
  readonly failedAt: number;
  /** `TIMESTAMP_X`, Unix seconds. */
  readonly changedAt: number;
}

/** A settled delivery whose row the portal still holds. */
export interface Clearable {
  readonly processId: string;
  readonly rowId: string;
}

/** What the ledger knows of one portal when a round is planned. */
export interface RoundSnapshot {
  /** Deliveries that are neither settled nor marked. */
  readonly inFlight: number;
  /** Deliveries that are still to be published for the first time. */
  readonly unpublished: number;
  /** Oldest failure first; bounded. */
  readonly failures: readonly Failure[];
  /** By batch; bounded. */
  readonly clearable: readonly Clearable[];
  /** When the first delivery was marked, and when the first is due again; Unix ms, null where none is marked. */
  readonly marked: { readonly since: number; readonly dueAt: number } | null;
  /** When the first waiting delivery is due, Unix ms. */
  readonly waitingDueAt: number | null;
  /** When the first published delivery was published, Unix ms. */
  readonly publishedSince: number | null;
  /** Rows listed and perhaps already handed over, oldest change first. */
  readonly journal: readonly (ReservedEvent & { readonly errored: boolean })[];
}

/** More than one round can carry is of no use to it. */
const MAX_FAILURES = 5000;
const MAX_CLEARABLE = 20_000;

interface Outline {
  reserved: number;
  published: number;
  failed: number;
  waiting: number;
  marked_since: number | null;
  marked_due: number | null;
  waiting_due: number | null;
  published_since: number | null;
  published_last: number | null;
  clearable: number | null;
  journal: number | null;
}

/** Reads what a round needs. */
export async function roundSnapshot(
  db: Db,
  memberId: string,
  policy: RetryPolicy,
  now: number,
): Promise<RoundSnapshot> {
  return fillIn(db, memberId, await readOutline(db, memberId), policy, now);
}

/**
 * The same where everything is in order; null where something published has been silent for `SETTLE_AFTER_MS` or
 * something has failed, so that it may have to be settled or released first. For an idle portal it is one look.
 */
export async function snapshotIfInOrder(
  db: Db,
  memberId: string,
  settings: RetryPolicy & { readonly SETTLE_AFTER_MS: number },
  now: number,
): Promise<RoundSnapshot | null> {
  const outline = await readOutline(db, memberId);
  const { published_since: first, published_last: last } = outline;
  const silence = settings.SETTLE_AFTER_MS;
  // A time in the future was written before the clock was set back: it has waited long enough.
  const silent = first !== null && (first <= now - silence || (last ?? first) > now + silence);
  if (silent || outline.failed > 0) return null;
  return fillIn(db, memberId, outline, settings, now);
}

/** Reads the lists that have entries. */
async function fillIn(
  db: Db,
  memberId: string,
  outline: Outline,
  policy: RetryPolicy,
  now: number,
): Promise<RoundSnapshot> {
  const saneDue = latestSaneDueAt(now, policy);
  const sane = (dueAt: number) => (dueAt > saneDue ? now : dueAt);
  const { marked_since: markedSince, marked_due: markedDue, waiting_due: waitingDue } = outline;
  return {
    inFlight: outline.reserved + outline.published + outline.failed + outline.waiting,
    unpublished: outline.reserved,
    failures: outline.failed === 0 ? [] : await readFailures(db, memberId),
    clearable: outline.clearable === null ? [] : await readClearable(db, memberId),
    marked:
      markedSince === null ? null : { since: markedSince, dueAt: markedDue === null ? now : sane(markedDue) },
    waitingDueAt: waitingDue === null ? null : sane(waitingDue),
    publishedSince: outline.published_since,
    journal: outline.journal === null ? [] : await readJournal(db, memberId),
  };
}

async function readOutline(db: Db, memberId: string): Promise<Outline> {
  // Each look is one step into an index that holds nothing else; literals let the planner see that it applies.
  const count = (state: DeliveryState) =>
    sql`(select count(*) from deliveries where member_id = ${memberId} and state = ${sql.lit(state)})`;
  const first = (what: 'min' | 'max', column: 'state_at' | 'due_at', state: DeliveryState) =>
    sql`(select ${sql.raw(what)}(${sql.ref(column)}) from deliveries
      where member_id = ${memberId} and state = ${sql.lit(state)})`;
  const { rows } = await sql<Outline>`select
    ${count('reserved')} as reserved, ${count('published')} as published,
    ${count('failed')} as failed, ${count('waiting')} as waiting,
    ${first('min', 'state_at', 'marked')} as marked_since, ${first('min', 'due_at', 'marked')} as marked_due,
    ${first('min', 'due_at', 'waiting')} as waiting_due,
    ${first('min', 'state_at', 'published')} as published_since,
    ${first('max', 'state_at', 'published')} as published_last,
    (select 1 from deliveries where member_id = ${memberId} and held = 1 and state in ('processed', 'dead') limit 1)
      as clearable,
    (select 1 from journal where member_id = ${memberId} limit 1) as journal`.execute(db);
  const [outline] = rows;
  if (outline === undefined) throw new Error('the database gave no row for a select without a table');
  return outline;
}

async function readFailures(db: Db, memberId: string): Promise<Failure[]> {
  const failures = await db
    .selectFrom('deliveries')
    .select(['process_id', 'message_id', 'row_id', 'state_at', 'changed_at'])
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('failed'))
    .where('held', '=', 1)
    .where('errored', '=', 0)
    .orderBy('state_at')
    .limit(MAX_FAILURES)
    .execute();
  return failures.map((failure) => ({
    processId: failure.process_id,
    messageId: failure.message_id,
    rowId: failure.row_id,
    failedAt: failure.state_at,
    changedAt: failure.changed_at,
  }));
}

async function readClearable(db: Db, memberId: string): Promise<Clearable[]> {
  const clearable = await db
    .selectFrom('deliveries')
    .select(['process_id', 'row_id'])
    .where('member_id', '=', memberId)
    .where('held', '=', sql.lit(1))
    .where('state', 'in', [sql.lit<DeliveryState>('processed'), sql.lit<DeliveryState>('dead')])
    .orderBy('process_id')
    .limit(MAX_CLEARABLE)
    .execute();
  return clearable.map((delivery) => ({ processId: delivery.process_id, rowId: delivery.row_id }));
}

async function readJournal(db: Db, memberId: string): Promise<RoundSnapshot['journal']> {
  const journal = await db
    .selectFrom('journal')
    .selectAll()
    .where('member_id', '=', memberId)
    .orderBy('changed_at')
    .execute();
  return journal.map((entry) => ({
    rowId: entry.row_id,
    messageId: entry.message_id,
    changedAt: entry.changed_at,
    event: entry.event,
    data: JSON.parse(entry.payload) as unknown,
    userId: entry.user_id,
    errored: entry.errored === 1,
  }));
}

/** Process ids under which the ledger believes rows to be held, in ascending order. */
export async function heldProcessIds(db: Db, memberId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select('process_id')
    .distinct()
    .where('member_id', '=', memberId)
    .where('held', '=', 1)
    .execute();
  // Sorted here: a database's collation is not ours.
  return rows.map((row) => row.process_id).sort();
}
