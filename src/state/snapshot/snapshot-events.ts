import { NAMED_TYPES } from '../../contract/object-types.js';
import { type ReservedEvent } from '../../ledger/reserved-batch.js';
import { type SnapshotRecord, type SnapshotType } from '../../ledger/snapshots/snapshot-record.js';

/** The code of the event that ends a snapshot. */
const COMPLETED = 'bridge.snapshot.completed';

/**
 * The event of an object that a snapshot has read.
 * @param readAt Unix ms
 */
export function objectEvent(
  no: number,
  { name, entityTypeId }: Pick<SnapshotType, 'name' | 'entityTypeId'>,
  id: number,
  readAt: number,
): ReservedEvent {
  const fields = { ID: String(id) };
  return {
    rowId: `s${no}x${entityTypeId}x${id}`,
    messageId: messageIdOf(name, id),
    changedAt: Math.floor(readAt / 1000),
    event: `${name}.snapshot`,
    data: {
      FIELDS: NAMED_TYPES.includes(name) ? fields : { ...fields, ENTITY_TYPE_ID: String(entityTypeId) },
    },
    userId: null,
  };
}

/** Names an object within its snapshot. */
export function messageIdOf(name: string, id: number): string {
  return `${name}/${id}`;
}

/** The event that says that all of a snapshot was read. */
export function completedEvent({ no, types, filter }: SnapshotRecord, now: number): ReservedEvent {
  return {
    rowId: `s${no}`,
    messageId: 'completed',
    changedAt: Math.floor(now / 1000),
    event: COMPLETED,
    data: {
      id: String(no),
      filter,
      types: types.map(({ name, objects, superseded }) => ({ type: name, objects, superseded })),
    },
    userId: null,
  };
}
