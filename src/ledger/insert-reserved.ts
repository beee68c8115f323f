import { sql } from 'kysely';
import { rememberCodes } from './event-codes.js';
import { asJson, jsonRows } from './lists.js';
import { objectKeyOf, payloadOf, type ReservedBatch, type ReservedEvent } from './reserved-batch.js';
import { mapped, rowParts } from './row-parts.js';
import { type QueueScope } from './source-key.js';
import { type Db } from './transitions.js';

/**
 * Writes the deliveries of an ordinary batch, in the order of its events; those that are known keep their state. The
 * events of a part travel as one value: to bind each of their fields by itself takes twice the time.
 */
export async function insertReserved(
  db: Db,
  scope: QueueScope,
  batch: Pick<ReservedBatch, 'processId' | 'held'>,
  events: readonly ReservedEvent[],
  now: number,
): Promise<void> {
  await rememberCodes(db, events);
  const rows = mapped(events, (event) => ({ event, payload: payloadOf(event) }));
  for (const part of rowParts(rows)) await insertPart(db, scope, batch, part, now);
}

async function insertPart(
  db: Db,
  { memberId, sourceKey }: QueueScope,
  { processId, held }: Pick<ReservedBatch, 'processId' | 'held'>,
  part: readonly { readonly event: ReservedEvent; readonly payload: string }[],
  now: number,
): Promise<void> {
  const list = asJson(
    part.map(({ event, payload }) => [
      event.messageId,
      event.rowId,
      event.changedAt,
      event.event,
      payload,
      event.userId,
      event.timeAssumed === true ? 1 : 0,
      objectKeyOf(event),
    ]),
  );
  const flag = sql.lit(held ? 1 : 0);
  await sql`insert into deliveries (
      member_id, process_id, message_id, row_id, changed_at, event, payload, user_id, time_assumed, object_id,
      state, state_at, held, source_key, errored, attempt, attempts_before, reserved_at
    ) select
      cast(${memberId} as text), cast(${processId} as text), value ->> 0, value ->> 1, cast(value ->> 2 as bigint),
      value ->> 3, value ->> 4, value ->> 5, cast(value ->> 6 as integer), value ->> 7,
      'reserved', cast(${now} as bigint), ${flag}, cast(${sourceKey} as text), 0, 1, 0, cast(${now} as bigint)
    from ${jsonRows(db, list)}
    on conflict (member_id, process_id, message_id) do update
      set held = ${flag}, source_key = excluded.source_key, errored = 0`.execute(db);
}
