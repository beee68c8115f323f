import { type EventState } from '../../contract/event-state.js';
import { parseJson } from '../../json/exact-json.js';
import { type Publishable } from '../../ledger/publishable.js';
import { type PublishableKey } from '../../ledger/publishable-keys.js';

/** What tells which object's state a delivery is to carry, and from when on it may wait for it. */
export interface StateKey extends Omit<PublishableKey, 'payload'> {
  /** The event's data, where its object cannot be told without; else undefined. */
  readonly data: unknown;
}

/** Which deliveries of a portal may be published now. */
interface ReadyDeliveries {
  /** Their numbers: what is known of their objects is all that they will carry. */
  readonly ready: ReadonlySet<number>;
  /** When the next of the others may be published at the latest, Unix ms; null where none waits. */
  readonly nextAt: number | null;
}

/**
 * States of one portal's objects for the events that carry them. Nothing here waits: a delivery is published when its
 * state is known or its time is over, and whoever reads states wakes the publishing.
 */
export interface EventStates {
  /** Whether any event of the portal may carry a state at present: else publishing does not ask. */
  readonly active: boolean;
  /** These are to be published: whether one of them is to carry a state, and so publishing has to ask from here on. */
  meets(deliveries: readonly Pick<Publishable, 'origin'>[]): boolean;
  /** Has the objects of these deliveries read where that is not done, and says which of them may be published. */
  ready(keys: readonly StateKey[]): ReadyDeliveries;
  /** The state that a delivery carries; null where events of its kind carry none. */
  of(delivery: Publishable): EventState | null;
  /** Called before states of these are asked for. Rejects with the database's error. */
  prepare?(deliveries: readonly Publishable[]): Promise<void>;
  /** The broker has confirmed these, and the ledger knows it. Never rejects. */
  confirmed?(deliveries: readonly Publishable[]): Promise<void>;
  /** The broker has answered to these: their states may be forgotten. */
  done(seqs: readonly number[]): void;
  /** Nothing could be published until now: only from here on anything has waited for its state. */
  resumed(): void;
}

/** The key of a delivery that is known without what it carries. */
export function stateKeyOf({ payload, ...key }: PublishableKey): StateKey {
  return { ...key, data: payload === null ? undefined : parseJson(payload) };
}

/** The key of a delivery that the broker has refused: whenever it is tried again, its state is read again. */
export function refusedStateKeyOf({ seq, attempt, event, data, origin }: Publishable, now: number): StateKey {
  return { seq, attempt, event, data, origin, objectId: null, since: now };
}
