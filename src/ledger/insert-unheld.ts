import { sql } from 'kysely';
import { type DeliveryOrigin } from '../database/schema.js';
import { parseJson } from '../json/exact-json.js';
import { rememberCodes } from './event-codes.js';
import { among, asJson, jsonRows } from './lists.js';
import { objectKeyOf, payloadOf, type ReservedEvent } from './reserved-batch.js';
import { mapped, rowParts } from './row-parts.js';
import { type Db } from './transitions.js';

/** Events that no row of the portal's queue has announced. */
export interface UnheldEvents {
  readonly memberId: string;
  readonly origin: DeliveryOrigin;
  /** Stands where the portal's own events have that of their batch. */
  readonly processId: string;
  /** The routing key that was asked for; null: the standard ones. */
  readonly routingKey: string | null;
  readonly events: readonly ReservedEvent[];
}

/** What became of them. */
export interface UnheldInserted {
  /** Their numbers, by message id; what was there already is left out. */
  readonly inserted: ReadonlyMap<string, number>;
  /** Message ids of what was left out: an event of their object is newer than what they tell. */
  readonly superseded: readonly string[];
}

/** Names a kind of objects. */
export type KindOf = (event: string, data: unknown) => string;

/** A place in the order of all deliveries: what is reserved from now on comes after it. */
export async function lastSeq(db: Db): Promise<number> {
  const { seq } = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.max<number | null>('seq').as('seq'))
    .executeTakeFirstOrThrow();
  return Number(seq ?? 0);
}

/**
 * Writes deliveries that no portal holds: they are published, retried and buried like others, and no call to their
 * portal is ever made for them. Those that are there already are left as they are. Run it in a transaction that has
 * the portal's deliveries to itself.
 * @param since taken before the objects were read ({@link lastSeq}); an object of which the portal has announced a change
 * since then, or of which one was found, is left out, so that what is older never follows it
 * @param kindOf of what kind of objects an event of this code, with this data, is
 */
export async function insertUnheld(
  db: Db,
  { memberId, origin, processId, routingKey, events }: UnheldEvents,
  since: number,
  kindOf: KindOf,
  now: number,
): Promise<UnheldInserted> {
  if (events.length === 0) return { inserted: new Map(), superseded: [] };
  const newer = await announcedSince(db, memberId, since, kindOf, events);
  const isNewer = (event: ReservedEvent) =>
    newer.has(`${kindOf(event.event, event.data)}/${objectKeyOf(event)}`);
  const wanted = events.filter((event) => !isNewer(event));
  await rememberCodes(db, wanted);
  const inserted = new Map<string, number>();
  for (const part of rowParts(mapped(wanted, (event) => ({ event, payload: payloadOf(event) })))) {
    const list = asJson(
      part.map(({ event, payload }) => [
        event.messageId,
        event.rowId,
        event.changedAt,
        event.event,
        payload,
        event.userId,
        objectKeyOf(event),
      ]),
    );
    const { rows } = await sql<{ message_id: string; seq: number }>`insert into deliveries (
        member_id, process_id, message_id, row_id, changed_at, event, payload, user_id, object_id,
        state, state_at, held, errored, attempt, attempts_before, reserved_at, origin, routing_key
      ) select
        cast(${memberId} as text), cast(${processId} as text), value ->> 0, value ->> 1, cast(value ->> 2 as bigint),
        value ->> 3, value ->> 4, value ->> 5, value ->> 6,
        'reserved', cast(${now} as bigint), 0, 0, 1, 0, cast(${now} as bigint), cast(${origin} as text),
        cast(${routingKey} as text)
      from ${jsonRows(db, list)}
      on conflict (member_id, process_id, message_id) do nothing
      returning message_id, seq`.execute(db);
    for (const { message_id: messageId, seq } of rows) inserted.set(messageId, seq);
  }
  return { inserted, superseded: events.filter(isNewer).map(({ messageId }) => messageId) };
}

/** Objects of which the portal has announced a change since then, as `<kind>/<id>`. */
async function announcedSince(
  db: Db,
  memberId: string,
  since: number,
  kindOf: KindOf,
  events: readonly ReservedEvent[],
): Promise<Set<string>> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['event', 'payload', 'object_id'])
    .where('seq', '>', since)
    .where('member_id', '=', memberId)
    // What was found out of them counts as well; what a snapshot has read says nothing newer.
    .where(sql<boolean>`coalesce(origin, '') <> 'snapshot'`)
    .where(among(db, 'object_id', events.map(objectKeyOf)))
    .execute();
  return new Set(
    rows.map(({ event, payload, object_id: id }) => `${kindOf(event, parseJson(payload))}/${id}`),
  );
}
