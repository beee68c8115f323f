import { type Db } from '../transitions.js';

/** What is to be read. */
export interface SnapshotWanted {
  readonly memberId: string;
  readonly types: readonly { readonly name: string; readonly entityTypeId: number }[];
  readonly filter: Readonly<Record<string, string>>;
  readonly routingKey: string | null;
  readonly askedBy: string;
}

/**
 * Writes down that a snapshot is wanted: its number. Null where the portal has one that is not over: there is one at a
 * time. Run it in a transaction.
 */
export async function startSnapshot(db: Db, wanted: SnapshotWanted, now: number): Promise<number | null> {
  const row = await db
    .insertInto('snapshots')
    .values({
      member_id: wanted.memberId,
      state: 'running',
      reason: null,
      filter: JSON.stringify(wanted.filter),
      routing_key: wanted.routingKey,
      asked_by: wanted.askedBy,
      created_at: now,
      resumed_at: now,
      ran_ms: 0,
      finished_at: null,
      progressed_at: now,
    })
    // The unique index of those that are not over decides, be there ever so many that ask at once.
    .onConflict((conflict) => conflict.doNothing())
    .returning('no')
    .executeTakeFirst();
  if (row === undefined) return null;
  await db
    .insertInto('snapshot_types')
    .values(
      wanted.types.map(({ name, entityTypeId }, ordinal) => ({
        snapshot_no: row.no,
        ordinal,
        type: name,
        entity_type_id: entityTypeId,
        after_id: 0,
        max_id: null,
        objects: 0,
        superseded: 0,
      })),
    )
    .execute();
  return row.no;
}
