import { sql } from 'kysely';
import { type Db } from '../../../ledger/transitions.js';

/** The report is kept so long. */
const REPORT_MS = 90 * 86_400_000;

/**
 * Forgets everything of types that are reconciled no more: what their events announce is not noted, so that at a later
 * time everything would look as if it had been missed.
 * @param wanted whether a type still is
 */
export async function forgetTypes(db: Db, wanted: (entityTypeId: number) => boolean): Promise<void> {
  const types = await db.selectFrom('reconciled_types').select(['no', 'entity_type_id']).execute();
  for (const { no, entity_type_id: entityTypeId } of types) {
    if (wanted(entityTypeId)) continue;
    await db.deleteFrom('seen_objects').where('type_no', '=', no).execute();
    await db.deleteFrom('reconciled_types').where('no', '=', no).execute();
  }
}

/** Forgets objects that were deleted before then, Unix seconds by the portal's clock. */
export async function forgetGone(db: Db, typeNo: number, before: number): Promise<void> {
  await db
    .deleteFrom('seen_objects')
    .where('type_no', '=', typeNo)
    .where('gone', '=', sql.lit(1))
    .where('suspect_at', 'is', null)
    .where((eb) => eb(eb.fn.coalesce('announced_at', 'covered_at', 'updated_at', eb.lit(0)), '<', before))
    .execute();
}

/** Forgets what was reported, and what portals were silent for, long ago. */
export async function forgetReports(db: Db, memberId: string, now: number): Promise<void> {
  const before = now - REPORT_MS;
  await db
    .deleteFrom('missed_changes')
    .where('member_id', '=', memberId)
    .where('found_at', '<', before)
    .execute();
  await db
    .deleteFrom('silent_spells')
    .where('member_id', '=', memberId)
    .where('until', '<', before)
    .execute();
}
