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

/** Reads what a round needs. */
export async function roundSnapshot(
  db: Db,
  memberId: string,
  policy: RetryPolicy,
  now: number,
): Promise<RoundSnapshot> {
  const counts = await sql<{
    in_flight: number;
    marked_since: number | null;
    marked_due: number | null;
    waiting_due: number | null;
    published_since: number | null;
  }>`select
    (select count(*) from deliveries where member_id = ${memberId} and state = 'reserved')
    + (select count(*) from deliveries where member_id = ${memberId} and state = 'published')
    + (select count(*) from deliveries where member_id = ${memberId} and state = 'failed')
    + (select count(*) from deliveries where member_id = ${memberId} and state = 'waiting') as in_flight,
    (select min(state_at) from deliveries where member_id = ${memberId} and state = 'marked') as marked_since,
    (select min(due_at) from deliveries where member_id = ${memberId} and state = 'marked') as marked_due,
    (select min(due_at) from deliveries where member_id = ${memberId} and state = 'waiting') as waiting_due,
    (select min(state_at) from deliveries where member_id = ${memberId} and state = 'published') as published_since
  `.execute(db);
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
  const clearable = await db
    .selectFrom('deliveries')
    .select(['process_id', 'row_id'])
    .where('member_id', '=', memberId)
    .where('held', '=', sql.lit(1))
    .where('state', 'in', [sql.lit<DeliveryState>('processed'), sql.lit<DeliveryState>('dead')])
    .orderBy('process_id')
    .limit(MAX_CLEARABLE)
    .execute();
  const journal = await db
    .selectFrom('journal')
    .selectAll()
    .where('member_id', '=', memberId)
    .orderBy('changed_at')
    .execute();

  const row = counts.rows[0];
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? null : Number(value);
  const markedSince = number(row?.marked_since);
  const markedDue = number(row?.marked_due);
  const waitingDue = number(row?.waiting_due);
  const saneDue = latestSaneDueAt(now, policy);
  const sane = (dueAt: number) => (dueAt > saneDue ? now : dueAt);
  return {
    inFlight: Number(row?.in_flight ?? 0),
    failures: failures.map((failure) => ({
      processId: failure.process_id,
      messageId: failure.message_id,
      rowId: failure.row_id,
      failedAt: failure.state_at,
      changedAt: failure.changed_at,
    })),
    clearable: clearable.map((delivery) => ({ processId: delivery.process_id, rowId: delivery.row_id })),
    marked:
      markedSince === null ? null : { since: markedSince, dueAt: markedDue === null ? now : sane(markedDue) },
    waitingDueAt: waitingDue === null ? null : sane(waitingDue),
    publishedSince: number(row?.published_since),
    journal: journal.map((entry) => ({
      rowId: entry.row_id,
      messageId: entry.message_id,
      changedAt: entry.changed_at,
      event: entry.event,
      data: JSON.parse(entry.payload) as unknown,
      userId: entry.user_id,
      errored: entry.errored === 1,
    })),
  };
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
