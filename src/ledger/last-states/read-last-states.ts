import { among } from '../lists.js';
import { type Db } from '../transitions.js';
import { idsByType, type LastState, type ObjectKey } from './last-state.js';

/** What was last published of these objects of a portal; nothing of those that are not known. */
export async function readLastStates(
  db: Db,
  memberId: string,
  objects: readonly ObjectKey[],
): Promise<LastState[]> {
  const found: LastState[] = [];
  for (const [entityTypeId, ids] of idsByType(objects)) {
    const rows = await db
      .selectFrom('object_states')
      .select(['object_id', 'state', 'previous', 'told_by'])
      .where('member_id', '=', memberId)
      .where('entity_type_id', '=', entityTypeId)
      .where(among(db, 'object_id', ids))
      .execute();
    for (const row of rows) {
      const { object_id: id, told_by: toldBy, state, previous } = row;
      found.push({ entityTypeId, id, state, previous, toldBy });
    }
  }
  return found;
}
