import { chunks, type Db } from '../transitions.js';
import { type LastState, ROWS_AT_ONCE } from './last-state.js';

/** Writes what was published of these objects, each of them once. */
export async function writeLastStates(
  db: Db,
  memberId: string,
  states: readonly LastState[],
  now: number,
): Promise<void> {
  for (const part of chunks(states, ROWS_AT_ONCE)) {
    await db
      .insertInto('object_states')
      .values(
        part.map(({ entityTypeId, id, state, previous, toldBy }) => ({
          member_id: memberId,
          entity_type_id: entityTypeId,
          object_id: id,
          state,
          previous,
          told_by: toldBy,
          changed_at: now,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['member_id', 'entity_type_id', 'object_id']).doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          previous: eb.ref('excluded.previous'),
          told_by: eb.ref('excluded.told_by'),
          changed_at: eb.ref('excluded.changed_at'),
        })),
      )
      .execute();
  }
}
