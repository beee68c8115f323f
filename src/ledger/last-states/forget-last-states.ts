import { among } from '../lists.js';
import { type Db } from '../transitions.js';
import { idsByType, type ObjectKey } from './last-state.js';

/** These objects of a portal are no more. */
export async function forgetLastStates(
  db: Db,
  memberId: string,
  objects: readonly ObjectKey[],
): Promise<void> {
  for (const [entityTypeId, ids] of idsByType(objects)) {
    await db
      .deleteFrom('object_states')
      .where('member_id', '=', memberId)
      .where('entity_type_id', '=', entityTypeId)
      .where(among(db, 'object_id', ids))
      .execute();
  }
}
