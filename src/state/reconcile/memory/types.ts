import { type Selectable } from 'kysely';
import { type Schema } from '../../../database/schema.js';
import { type Db } from '../../../ledger/transitions.js';

/** How far reconciling is with a kind of a portal's objects. */
export type ReconciledType = Selectable<Schema['reconciled_types']>;

export async function readTypes(db: Db, memberId: string): Promise<ReconciledType[]> {
  return db
    .selectFrom('reconciled_types')
    .selectAll()
    .where('member_id', '=', memberId)
    .orderBy('entity_type_id')
    .execute();
}

/** What a look or a sweep has done. */
export type TypeProgress = Partial<Omit<ReconciledType, 'no' | 'member_id' | 'entity_type_id' | 'type'>>;

export async function setProgress(db: Db, no: number, progress: TypeProgress): Promise<void> {
  await db.updateTable('reconciled_types').set(progress).where('no', '=', no).execute();
}
