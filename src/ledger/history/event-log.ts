import { sql } from 'kysely';
import { type EventLogged } from '../../database/schema.js';
import { dialectSpoken } from '../../database/dialect.js';
import { among, asJson, jsonRows } from '../lists.js';
import { type Db } from '../transitions.js';
import { type HistorySettings } from './history-settings.js';

type Keeping = Pick<HistorySettings, 'HISTORY_DAYS'>;

/** What a reply said of an attempt. */
export interface AttemptLogged {
  readonly seq: number;
  readonly what: 'failed' | 'heard';
  readonly attempt: number;
  /** What told of it. */
  readonly via: string | null;
  readonly reasonNo: number | null;
}

/** Notes how attempts ended, in that order. Before the deliveries change: when they were published is read from them. */
export async function logAttempts(
  db: Db,
  { HISTORY_DAYS }: Keeping,
  attempts: readonly AttemptLogged[],
  now: number,
): Promise<void> {
  if (HISTORY_DAYS === 0 || attempts.length === 0) return;
  const list = asJson(
    attempts.map(({ seq, what, attempt, via, reasonNo }) => [seq, what, attempt, via, reasonNo]),
  );
  const from =
    dialectSpoken(db) === 'sqlite'
      ? sql`json_each(${list}) as rows cross join deliveries on deliveries.seq = cast(value ->> 0 as bigint)`
      : sql`json_array_elements(cast(${list} as json)) with ordinality as rows (value, place)
          join deliveries on deliveries.seq = cast(value ->> 0 as bigint) order by place`;
  await sql`insert into event_log
      (member_id, row_id, changed_at, process_id, what, at, attempt, reserved_at, published_at, via, reason_no)
    select member_id, row_id, changed_at, process_id, value ->> 1, cast(${now} as bigint),
      cast(value ->> 2 as integer), reserved_at, published_at, value ->> 3, cast(value ->> 4 as bigint)
    from ${from}`.execute(db);
}

/** Notes that the same happened to these deliveries. @param by who did it, where a person did */
export async function logDeliveries(
  db: Db,
  { HISTORY_DAYS }: Keeping,
  what: EventLogged,
  seqs: readonly number[],
  now: number,
  by: string | null = null,
): Promise<void> {
  if (HISTORY_DAYS === 0 || seqs.length === 0) return;
  await db
    .insertInto('event_log')
    .columns([
      'member_id',
      'row_id',
      'changed_at',
      'process_id',
      'what',
      'at',
      'attempt',
      'reason_no',
      'by_whom',
    ])
    .expression(
      db
        .selectFrom('deliveries')
        .select([
          'member_id',
          'row_id',
          'changed_at',
          'process_id',
          sql<EventLogged>`cast(${what} as text)`.as('what'),
          sql<number>`cast(${now} as bigint)`.as('at'),
          'attempt',
          'reason_no',
          sql<string | null>`cast(${by} as text)`.as('by_whom'),
        ])
        .where(among(db, 'seq', seqs))
        .orderBy('seq'),
    )
    .execute();
}

/** A row that was fetched from the portal. */
export interface RowLogged {
  readonly rowId: string;
  readonly changedAt: number;
  readonly attempt: number;
  readonly reasonNo: number | null;
  /** Of a failed attempt: what told of it. */
  readonly via?: string;
}

/** Notes that the same happened to rows of one batch. */
export async function logRows(
  db: Db,
  { HISTORY_DAYS }: Keeping,
  what: EventLogged,
  { memberId, processId }: { readonly memberId: string; readonly processId: string },
  rows: readonly RowLogged[],
  now: number,
): Promise<void> {
  if (HISTORY_DAYS === 0 || rows.length === 0) return;
  const list = asJson(
    rows.map(({ rowId, changedAt, attempt, reasonNo, via }) => [
      rowId,
      changedAt,
      attempt,
      reasonNo,
      via ?? null,
    ]),
  );
  await sql`insert into event_log (member_id, row_id, changed_at, process_id, what, at, attempt, reason_no, via)
    select cast(${memberId} as text), value ->> 0, cast(value ->> 1 as bigint), cast(${processId} as text),
      cast(${what} as text), cast(${now} as bigint), cast(value ->> 2 as integer), cast(value ->> 3 as bigint),
      value ->> 4
    from ${jsonRows(db, list)}`.execute(db);
}
