import { sql } from 'kysely';
import { type DeliveryState } from '../database/schema.js';
import { parseJson } from '../json/exact-json.js';
import { type ReservedEvent } from './record-reserved.js';
import { latestSaneDueAt, type RetryPolicy } from './retry-timing.js';
import { type QueueScope } from './source-key.js';
import { type Db } from './transitions.js';

/** A failed delivery that is to be marked on the portal. */
interface Failure {
  readonly processId: string;
  readonly messageId: string;
  readonly rowId: string;
  /** When it failed, Unix ms. */
  readonly failedAt: number;
  /** `TIMESTAMP_X`, Unix seconds. */
  readonly changedAt: number;
  /** When its mark was last sent, Unix ms; null where it was not. */
  readonly markSentAt: number | null;
}

/** A settled delivery whose row the portal still holds. */
interface Clearable {
  readonly processId: string;
  readonly rowId: string;
}

/** What the ledger knows of one portal when a round is planned; what is to be done there, of the round's source key. */
export interface RoundSnapshot {
  /** Deliveries that are neither settled, refused nor marked. */
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
  scope: QueueScope,
  policy: RetryPolicy,
  now: number,
): Promise<RoundSnapshot> {
  return fillIn(db, scope, await readOutline(db, scope), policy, now);
}

/**
 * The same where everything is in order; null where something published has been silent for `silentMs` (Infinity:
 * silence says nothing at present) or something has failed, so that it may have to be settled or released first. For
 * an idle portal it is one index lookup.
 */
export async function snapshotIfInOrder(
  db: Db,
  scope: QueueScope,
  silentMs: number,
  settings: RetryPolicy & { readonly SETTLE_AFTER_MS: number },
  now: number,
): Promise<RoundSnapshot | null> {
  const outline = await readOutline(db, scope);
  const { published_since: first, published_last: last } = outline;
  // A time in the future was written before the clock was set back: it has waited long enough.
  const future = now + settings.SETTLE_AFTER_MS;
  const silent =
    Number.isFinite(silentMs) &&
    first !== null &&
    (first <= Math.ceil(now - silentMs) || (last ?? first) > future);
  if (silent || outline.failed > 0) return null;
  return fillIn(db, scope, outline, settings, now);
}

/** How many deliveries of a portal are neither settled, refused nor marked; how many of them are still to be published. */
export async function underWay(
  db: Db,
  memberId: string,
): Promise<{ readonly inFlight: number; readonly unpublished: number }> {
  const outline = await readOutline(db, { memberId, sourceKey: '' });
  return { inFlight: inFlightOf(outline), unpublished: outline.reserved };
}

/** How many deliveries of a batch are still to be published for the first time. */
export async function unpublishedOf(db: Db, memberId: string, processId: string): Promise<number> {
  const { count } = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('reserved'))
    .where('process_id', '=', processId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

function inFlightOf({ reserved, published, failed, waiting }: Outline): number {
  return reserved + published + failed + waiting;
}

/** Reads the lists that have entries. */
async function fillIn(
  db: Db,
  scope: QueueScope,
  outline: Outline,
  policy: RetryPolicy,
  now: number,
): Promise<RoundSnapshot> {
  const saneDue = latestSaneDueAt(now, policy);
  const sane = (dueAt: number) => (dueAt > saneDue ? now : dueAt);
  const { marked_since: markedSince, marked_due: markedDue, waiting_due: waitingDue } = outline;
  return {
    inFlight: inFlightOf(outline),
    unpublished: outline.reserved,
    failures: outline.failed === 0 ? [] : await readFailures(db, scope),
    clearable: outline.clearable === null ? [] : await readClearable(db, scope),
    marked:
      markedSince === null ? null : { since: markedSince, dueAt: markedDue === null ? now : sane(markedDue) },
    waitingDueAt: waitingDue === null ? null : sane(waitingDue),
    publishedSince: outline.published_since,
    journal: outline.journal === null ? [] : await readJournal(db, scope),
  };
}

async function readOutline(db: Db, { memberId, sourceKey }: QueueScope): Promise<Outline> {
  // Each is one step into an index that holds nothing else; literals let the planner see that it applies.
  const count = (state: DeliveryState) =>
    sql`(select count(*) from deliveries where member_id = ${memberId} and state = ${sql.lit(state)})`;
  const ofKey = sql`source_key = ${sourceKey}`;
  const first = (what: 'min' | 'max', column: 'state_at' | 'due_at', state: DeliveryState) =>
    sql`(select ${sql.raw(what)}(${sql.ref(column)}) from deliveries
      where member_id = ${memberId} and state = ${sql.lit(state)}${state === 'marked' ? sql` and ${ofKey}` : sql``})`;
  const { rows } = await sql<Outline>`select
    ${count('reserved')} as reserved, ${count('published')} as published,
    ${count('failed')} as failed, ${count('waiting')} as waiting,
    ${first('min', 'state_at', 'marked')} as marked_since, ${first('min', 'due_at', 'marked')} as marked_due,
    ${first('min', 'due_at', 'waiting')} as waiting_due,
    ${first('min', 'state_at', 'published')} as published_since,
    ${first('max', 'state_at', 'published')} as published_last,
    (select 1 from deliveries where member_id = ${memberId} and held = 1 and state in ('processed', 'dead')
      and ${ofKey} limit 1)
      as clearable,
    (select 1 from journal where member_id = ${memberId} and ${ofKey} limit 1) as journal`.execute(db);
  const [outline] = rows;
  if (outline === undefined) throw new Error('the database gave no row for a select without a table');
  return outline;
}

async function readFailures(db: Db, { memberId, sourceKey }: QueueScope): Promise<Failure[]> {
  const failures = await db
    .selectFrom('deliveries')
    .select(['process_id', 'message_id', 'row_id', 'state_at', 'changed_at', 'mark_sent_at'])
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('failed'))
    .where('held', '=', 1)
    .where('errored', '=', 0)
    .where('source_key', '=', sourceKey)
    .orderBy('state_at')
    .limit(MAX_FAILURES)
    .execute();
  return failures.map((failure) => ({
    processId: failure.process_id,
    messageId: failure.message_id,
    rowId: failure.row_id,
    failedAt: failure.state_at,
    changedAt: failure.changed_at,
    markSentAt: failure.mark_sent_at,
  }));
}

async function readClearable(db: Db, { memberId, sourceKey }: QueueScope): Promise<Clearable[]> {
  const clearable = await db
    .selectFrom('deliveries')
    .select(['process_id', 'row_id'])
    .where('member_id', '=', memberId)
    .where('held', '=', sql.lit(1))
    .where('state', 'in', [sql.lit<DeliveryState>('processed'), sql.lit<DeliveryState>('dead')])
    .where('source_key', '=', sourceKey)
    .orderBy('process_id')
    .limit(MAX_CLEARABLE)
    .execute();
  return clearable.map((delivery) => ({ processId: delivery.process_id, rowId: delivery.row_id }));
}

async function readJournal(db: Db, { memberId, sourceKey }: QueueScope): Promise<RoundSnapshot['journal']> {
  const journal = await db
    .selectFrom('journal')
    .selectAll()
    .where('member_id', '=', memberId)
    .where('source_key', '=', sourceKey)
    .orderBy('changed_at')
    // Those of one second, or without a time of their own, in the order of their rows.
    .orderBy(sql`length(row_id)`)
    .orderBy('row_id')
    .execute();
  return journal.map((entry) => ({
    rowId: entry.row_id,
    messageId: entry.message_id,
    changedAt: entry.changed_at,
    ...(entry.time_assumed === 1 ? { timeAssumed: true } : {}),
    event: entry.event,
    data: parseJson(entry.payload),
    userId: entry.user_id,
    errored: entry.errored === 1,
  }));
}

/**
 * Process ids under which the ledger believes rows to be held, in ascending order; of one source key, or of all where
 * none is given.
 */
export async function heldProcessIds(db: Db, memberId: string, sourceKey?: string): Promise<string[]> {
  const held = db
    .selectFrom('deliveries')
    .select('process_id')
    .distinct()
    .where('member_id', '=', memberId)
    .where('held', '=', 1);
  const rows = await (sourceKey === undefined ? held : held.where('source_key', '=', sourceKey)).execute();
  // Sorted here: a database's collation is not ours.
  return rows.map((row) => row.process_id).sort();
}
