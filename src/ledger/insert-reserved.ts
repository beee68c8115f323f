import { sql } from 'kysely';
import { dialectSpoken } from '../database/dialect.js';
import { asJson } from './lists.js';
import { payloadOf, type ReservedBatch, type ReservedEvent } from './reserved-batch.js';
import { type Db } from './transitions.js';

/**
 * Writes the deliveries of an ordinary batch, in the order of its events; those that are known keep their state.
 * All events travel as one value: to bind each of their fields by itself takes twice the time.
 */
export async function insertReserved(
  db: Db,
  memberId: string,
  { processId, held }: Pick<ReservedBatch, 'processId' | 'held'>,
  events: readonly ReservedEvent[],
  now: number,
): Promise<void> {
  const list = asJson(
    events.map((event) => [
      event.messageId,
      event.rowId,
      event.changedAt,
      event.event,
      payloadOf(event),
      event.userId,
    ]),
  );
  // Without a condition SQLite would take "on conflict" for a join's "on".
  const rows =
    dialectSpoken(db) === 'sqlite'
      ? sql`json_each(${list}) where true`
      : sql`json_array_elements(cast(${list} as json)) as rows (value)`;
  const flag = sql.lit(held ? 1 : 0);
  await sql`insert into deliveries (
      member_id, process_id, message_id, row_id, changed_at, event, payload, user_id,
      state, state_at, held, errored, attempt, attempts_before, reserved_at
    ) select
      cast(${memberId} as text), cast(${processId} as text), value ->> 0, value ->> 1, cast(value ->> 2 as bigint),
      value ->> 3, value ->> 4, value ->> 5,
      'reserved', cast(${now} as bigint), ${flag}, 0, 1, 0, cast(${now} as bigint)
    from ${rows}
    on conflict (member_id, process_id, message_id) do update set held = ${flag}, errored = 0`.execute(db);
}
