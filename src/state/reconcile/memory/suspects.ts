import { type Db } from '../../../ledger/transitions.js';

/** Events have announced what was suspect: nothing is to be read for that. */
export async function clearAnnounced(db: Db, typeNo: number): Promise<void> {
  const suspects = db
    .updateTable('seen_objects')
    .where('type_no', '=', typeNo)
    .where('suspect_at', 'is not', null);
  await suspects
    .set((eb) => ({ updated_at: eb.ref('listed_at'), listed_at: null, suspect_at: null }))
    .where('gone', '=', 0)
    .where((eb) =>
      eb.or([eb('announced_at', '>=', eb.ref('listed_at')), eb('covered_at', '>=', eb.ref('listed_at'))]),
    )
    .where((eb) => eb.or([eb('updated_at', 'is', null), eb('updated_at', '<', eb.ref('listed_at'))]))
    .execute();
  await suspects
    .set({ listed_at: null, suspect_at: null })
    .where('gone', '=', 1)
    .where((eb) => eb.or([eb('listed_at', 'is', null), eb('announced_at', '>=', eb.ref('listed_at'))]))
    .execute();
}

/** Objects that were suspect then or before; at most `limit`, by their ids. */
export async function suspectsOf(db: Db, typeNo: number, by: number, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('seen_objects')
    .select('object_id')
    .where('type_no', '=', typeNo)
    .where('suspect_at', 'is not', null)
    .where('suspect_at', '<=', by)
    .orderBy('suspect_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.object_id).sort((a, b) => a - b);
}

/** Since when there is the oldest suspicion; null where there is none. */
export async function suspectSince(db: Db, typeNo: number): Promise<number | null> {
  const row = await db
    .selectFrom('seen_objects')
    .select((eb) => eb.fn.min<number | null>('suspect_at').as('since'))
    .where('type_no', '=', typeNo)
    .where('suspect_at', 'is not', null)
    .executeTakeFirst();
  return row?.since ?? null;
}

/** How many objects there are of which there may be something that no event has announced. */
export async function countSuspects(db: Db, typeNo: number): Promise<number> {
  const row = await db
    .selectFrom('seen_objects')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('type_no', '=', typeNo)
    .where('suspect_at', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
