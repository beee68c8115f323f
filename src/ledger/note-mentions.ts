import { type RawBuilder, sql } from 'kysely';
import { asJson, jsonRows } from './lists.js';
import { type ReservedEvent } from './reserved-batch.js';
import { rowParts } from './row-parts.js';
import { type Db } from './transitions.js';

/** What an event says of an object whose changes are compared with events. */
export interface EventMention {
  readonly entityTypeId: number;
  /** The name of its type. */
  readonly type: string;
  readonly objectId: number;
  /** It was deleted. */
  readonly gone: boolean;
}

/** Null for an event of anything else. */
export type MentionOf = (event: string, data: unknown) => EventMention | null;

/** The rows that a round has brought. */
export interface RoundEvents {
  readonly events: readonly ReservedEvent[];
  /** They had been marked and were fetched again. */
  readonly errored: boolean;
  /**
   * What was the time on the portal then, Unix seconds: such a row stands for every change of its object until then, for a
   * mark deletes the newer ones. Null where that is not known, and for others.
   */
  readonly markedUntil: number | null;
}

interface Latest {
  readonly mention: EventMention;
  at: number;
  gone: boolean;
}

/** Notes what events have announced, in the transaction that writes them. Costs nothing where none is of such a type. */
export async function noteMentions(
  db: Db,
  memberId: string,
  { events, errored, markedUntil }: RoundEvents,
  mentionOf: MentionOf,
): Promise<void> {
  const latest = latestOf(events, markedUntil, mentionOf);
  if (latest.length === 0) return;
  const numbers = await typeNumbers(
    db,
    memberId,
    latest.map(({ mention }) => mention),
  );
  const rows = latest.map(({ mention, at, gone }) => ({
    list: [numbers.get(mention.entityTypeId) ?? 0, mention.objectId, at, gone ? 1 : 0],
    payload: '',
  }));
  for (const part of rowParts(rows)) {
    const list = jsonRows(db, asJson(part.map((row) => row.list)));
    await (errored ? noteCovered(db, list) : noteNew(db, list));
  }
}

async function noteNew(db: Db, list: RawBuilder<unknown>): Promise<void> {
  await sql`insert into seen_objects (type_no, object_id, announced_at, gone)
    select cast(value ->> 0 as integer), cast(value ->> 1 as bigint), cast(value ->> 2 as bigint),
      cast(value ->> 3 as integer)
    from ${list}
    on conflict (type_no, object_id) do update set
      gone = case when excluded.announced_at > coalesce(seen_objects.announced_at, -1) then excluded.gone
        when excluded.announced_at = seen_objects.announced_at and excluded.gone = 1 then 1
        else seen_objects.gone end,
      announced_at = case when excluded.announced_at > coalesce(seen_objects.announced_at, -1)
        then excluded.announced_at else seen_objects.announced_at end`.execute(db);
}

/** An old row, however late it is fetched, brings nothing back to life, and is not newer than a delete. */
async function noteCovered(db: Db, list: RawBuilder<unknown>): Promise<void> {
  await sql`insert into seen_objects (type_no, object_id, covered_at, gone)
    select cast(value ->> 0 as integer), cast(value ->> 1 as bigint), cast(value ->> 2 as bigint),
      cast(value ->> 3 as integer)
    from ${list}
    on conflict (type_no, object_id) do update set
      gone = case when excluded.gone = 1 then 1 else seen_objects.gone end,
      covered_at = case when excluded.covered_at > coalesce(seen_objects.covered_at, -1)
        then excluded.covered_at else seen_objects.covered_at end`.execute(db);
}

/** One for each object: the last change, and of several of one second a delete. */
function latestOf(
  events: readonly ReservedEvent[],
  markedUntil: number | null,
  mentionOf: MentionOf,
): Latest[] {
  const latest = new Map<string, Latest>();
  for (const { event, data, changedAt } of events) {
    const mention = mentionOf(event, data);
    if (mention === null) continue;
    const at = Math.max(changedAt, markedUntil ?? changedAt);
    const key = `${mention.entityTypeId}/${mention.objectId}`;
    const before = latest.get(key);
    if (before === undefined) latest.set(key, { mention, at, gone: mention.gone });
    else if (at > before.at) [before.at, before.gone] = [at, mention.gone];
    else if (at === before.at) before.gone ||= mention.gone;
  }
  return [...latest.values()];
}

/** The numbers of types of a portal; one that is met for the first time gets one. */
export async function typeNumbers(
  db: Db,
  memberId: string,
  types: readonly Pick<EventMention, 'entityTypeId' | 'type'>[],
): Promise<Map<number, number>> {
  const read = async () => {
    const rows = await db
      .selectFrom('reconciled_types')
      .select(['no', 'entity_type_id'])
      .where('member_id', '=', memberId)
      .execute();
    return new Map(rows.map((row) => [row.entity_type_id, row.no]));
  };
  const known = await read();
  const fresh = new Map(types.map((one) => [one.entityTypeId, one]));
  for (const entityTypeId of known.keys()) fresh.delete(entityTypeId);
  if (fresh.size === 0) return known;
  await db
    .insertInto('reconciled_types')
    .values(
      [...fresh.values()].map(({ entityTypeId, type }) => ({
        member_id: memberId,
        entity_type_id: entityTypeId,
        type,
      })),
    )
    .onConflict((conflict) => conflict.columns(['member_id', 'entity_type_id']).doNothing())
    .execute();
  return read();
}
