import { type Selectable, sql } from 'kysely';
import { type Schema } from '../../../database/schema.js';
import { asJson, jsonRows } from '../../../ledger/lists.js';
import { type Db } from '../../../ledger/transitions.js';
import { type Known } from '../missed.js';

/** What is known of objects, by their ids. */
export type KnownObjects = Map<number, Known>;

/** Of all objects above an id and up to another. */
export async function knownBetween(
  db: Db,
  typeNo: number,
  after: number,
  upTo: number,
): Promise<KnownObjects> {
  const rows = await db
    .selectFrom('seen_objects')
    .selectAll()
    .where('type_no', '=', typeNo)
    .where('object_id', '>', after)
    .where('object_id', '<=', upTo)
    .execute();
  return byId(rows);
}

/** Of these objects; those of which nothing is known are left out. */
export async function knownOf(db: Db, typeNo: number, ids: readonly number[]): Promise<KnownObjects> {
  const { rows } = await sql<Selectable<Schema['seen_objects']>>`select seen_objects.* from seen_objects
    where type_no = ${typeNo} and object_id in (
      select cast(value ->> 0 as bigint) from ${jsonRows(db, asJson(ids.map((id) => [id])))})`.execute(db);
  return byId(rows);
}

/** The highest id of which anything is known; 0 where nothing is. */
export async function highestKnown(db: Db, typeNo: number): Promise<number> {
  const row = await db
    .selectFrom('seen_objects')
    .select('object_id')
    .where('type_no', '=', typeNo)
    .orderBy('object_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.object_id ?? 0;
}

/** How many objects there are, of those that were read. */
export async function countKnown(db: Db, typeNo: number): Promise<number> {
  const row = await db
    .selectFrom('seen_objects')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('type_no', '=', typeNo)
    .where('gone', '=', 0)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

function byId(rows: readonly Selectable<Schema['seen_objects']>[]): KnownObjects {
  return new Map(
    rows.map((row) => [
      row.object_id,
      {
        updatedAt: row.updated_at,
        announcedAt: latest(row.announced_at, row.covered_at),
        listedAt: row.listed_at,
        suspectAt: row.suspect_at,
        gone: row.gone === 1,
      },
    ]),
  );
}

/** Up to when all is announced, be it by an event of its own or by a row that stands for it. */
function latest(announcedAt: number | null, coveredAt: number | null): number | null {
  if (announcedAt === null || coveredAt === null) return announcedAt ?? coveredAt;
  return Math.max(announcedAt, coveredAt);
}
