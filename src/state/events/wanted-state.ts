import { type EventState } from '../../contract/event-state.js';
import {
  isDelete,
  type ObjectType,
  objectTypeOf,
  type ObjectTypes,
  readableIdOf,
} from '../../contract/object-types.js';
import { type PublishableKey } from '../../ledger/publishable-keys.js';
import { DELETED, UNSUPPORTED } from './known-state.js';

/** An object that is read for an event. */
export interface WantedObject extends ObjectType {
  readonly id: string;
}

/** Which state an event carries: one to be read, one that is known without reading, or none. */
export type WantedState = { readonly object: WantedObject } | { readonly known: EventState } | null;

/** What of an event tells it. */
export interface StateSubject extends Pick<PublishableKey, 'event' | 'origin'> {
  /** Null where the data tells it. */
  readonly objectId: string | null;
  readonly data: unknown;
}

/** Which state an event is to carry, by the types that the settings name; those of a snapshot carry one always. */
export function wantedState(subject: StateSubject, types: ObjectTypes): WantedState {
  const { event, objectId, data, origin } = subject;
  const type = objectTypeOf(event, data);
  const snapshot = origin === 'snapshot';
  if (type === null) return types.every && !snapshot ? { known: UNSUPPORTED } : null;
  if (!snapshot && !types.includes(type)) return null;
  if (isDelete(event)) return { known: DELETED };
  const id = objectId === null ? readableIdOf(data) : readableIdOf({ ID: objectId });
  return id === null ? { known: UNSUPPORTED } : { object: { ...type, id } };
}
