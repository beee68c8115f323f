import { type ChangedFields, type EventState } from '../../contract/event-state.js';
import { isDelete, objectTypeOf, type ObjectTypes, readableIdOf } from '../../contract/object-types.js';
import { type ObjectKey } from '../../ledger/last-states/last-state.js';
import { type Publishable } from '../../ledger/publishable.js';
import { type ObjectChanges, type ToldObject } from '../changes/object-changes.js';
import { type ObjectFields } from '../reading/object-read.js';
import { type PortalReader } from '../reading/portal-reader.js';
import { selected } from '../reading/read-answer.js';
import { eventState, type KnownState, LATE } from './known-state.js';
import { type InHand, type InHandDependencies, ObjectsInHand } from './objects-in-hand.js';
import { type StateSubject, type WantedObject, wantedState } from './wanted-state.js';

/** A delivery as it is asked for: what publishing knows before it reads it in whole. */
interface DeliveryKey extends StateSubject {
  readonly seq: number;
  readonly attempt: number;
  /** When it was reserved; of a retry, when that fell due. Unix ms. */
  readonly since: number;
}

interface StateSettings {
  readonly STATE_WAIT_MS: number;
  readonly STATE_MAX_BYTES: number;
}

interface PortalStatesDependencies extends InHandDependencies {
  readonly reader: Pick<PortalReader, 'want' | 'readableAt' | 'reading'>;
  readonly types: ObjectTypes;
  readonly settings: StateSettings;
  /** What events say of changes; left out: nothing. */
  readonly changes?: ObjectChanges | undefined;
  /** An event carries such a state. */
  readonly told: (status: EventState['status']) => void;
  readonly now?: () => number;
}

/** A delivery that waits for its object's state, or has it. */
interface Waiting {
  readonly attempt: number;
  readonly object: InHand;
  /** A read counts that began after this, Unix ms. */
  readonly since: number;
  /** From when on it has waited for nothing but its state, Unix ms. */
  waitsFrom: number;
  seenAt: number;
  /** What was known and too old, for which it waits anew. */
  stale: KnownState | null;
}

/** A state that was read so long ago is read again rather than published, ms: something else has held up its event. */
const FRESH_MS = 60_000;
/** Deliveries that publishing has not asked for again for so long are not published by it any more, ms. */
const FORGOTTEN_MS = 120_000;
const FORGET_EVERY_MS = 60_000;

const isOfSnapshot = ({ origin }: Pick<Publishable, 'origin'>) => origin === 'snapshot';

/**
 * The states of one portal's objects for the events that are to be published: each object is read once for all that are
 * in hand, after the last of them was reserved. No event waits longer than `STATE_WAIT_MS` for it, and none where it is
 * known that it will not come in that time. Whatever is kept here may be lost at any moment, and is read again.
 */
export class PortalStates {
  private readonly waiting = new Map<number, Waiting>();
  private readonly objects: ObjectsInHand;
  private readonly now: () => number;
  private openSince: number;
  private forgetting: NodeJS.Timeout | null = null;
  private stopped = false;
  /** When an event of a snapshot was last to be published, Unix ms: these carry a state whatever the settings say. */
  private snapshotMetAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: PortalStatesDependencies) {
    this.now = deps.now ?? Date.now;
    this.openSince = this.now();
    this.objects = new ObjectsInHand(deps, this.now);
  }

  /** Whether any event may carry a state. */
  get active(): boolean {
    return !this.deps.types.none || Math.abs(this.now() - this.snapshotMetAt) <= FORGOTTEN_MS;
  }

  /**
   * These are to be published: whether any of them carries a state. The events themselves tell, whoever wrote them and
   * whenever: those of a snapshot that is over come again as well, in another process, and weeks later by hand.
   */
  meets(deliveries: readonly Pick<Publishable, 'origin'>[]): boolean {
    if (deliveries.some(isOfSnapshot)) this.snapshotMetAt = this.now();
    return this.active;
  }

  /** Nothing could be published until now: deliveries have waited for their states from here on. */
  resumed(): void {
    this.openSince = this.now();
  }

  /**
   * Has the objects of these deliveries read where that is not done yet.
   * @returns the deliveries that may be published, and when the next of the others may be at the latest (Unix ms)
   */
  ready(keys: readonly DeliveryKey[]): { ready: Set<number>; nextAt: number | null } {
    const now = this.now();
    const { reader } = this.deps;
    // What is under way may still bring it.
    const readableAt = reader.reading ? now : reader.readableAt();
    const ready = new Set<number>();
    let nextAt: number | null = null;
    this.meets(keys);
    for (const key of keys) {
      const waiting = this.waitingFor(key, now);
      const untilAt = waiting === null ? null : this.waitsUntil(waiting, readableAt, now);
      if (untilAt === null) ready.add(key.seq);
      else nextAt = Math.min(nextAt ?? untilAt, untilAt);
    }
    return { ready, nextAt };
  }

  /** The state that a delivery carries; null where events of its kind carry none. */
  of(delivery: Publishable): EventState | null {
    const state = this.stateOf(delivery);
    if (state !== null) this.deps.told(state.status);
    return state;
  }

  /** Reads what is needed to say what has changed in the objects of these deliveries. Rejects with the driver's error. */
  async prepare(deliveries: readonly Publishable[]): Promise<void> {
    const { changes } = this.deps;
    if (changes === undefined) return;
    const objects = this.toldBy(deliveries).map(({ object }) => object);
    await changes.prepare(objects.filter(({ known }) => known !== null && known.text !== null));
  }

  /** The broker has confirmed these deliveries, and the ledger knows it. Never rejects. */
  async confirmed(deliveries: readonly Publishable[]): Promise<void> {
    const { changes } = this.deps;
    if (changes === undefined) return;
    const gone = deliveries.flatMap((delivery) => this.goneBy(delivery));
    for (const object of gone) this.objects.find(object)?.chain.delete();
    await changes.confirmed(this.toldBy(deliveries), gone);
  }

  /** The broker has answered to these deliveries. */
  done(seqs: readonly number[]): void {
    for (const seq of seqs) this.forget(seq);
  }

  /**
   * What a snapshot's page says of an object: nothing has to be read for its event if that is published within a minute.
   * @param readAt when the reading began, Unix ms
   */
  known(wanted: WantedObject, fields: ObjectFields, readAt: number): void {
    if (this.stopped) return;
    const object = this.objects.take(wanted, 'snapshot');
    // What was read for an event of the portal's own is newer.
    if (object.known !== null && object.known.beganAt > readAt) return;
    const shown = selected(fields, this.deps.fields.of(wanted));
    this.objects.learn(object, { status: 'read', object: shown, beganAt: readAt });
    this.forgetLater();
  }

  /** Gives everything back. */
  stop(): void {
    this.stopped = true;
    this.objects.dropAll();
    this.waiting.clear();
    if (this.forgetting !== null) clearTimeout(this.forgetting);
  }

  private stateOf(delivery: Publishable): EventState | null {
    const wanted = wantedState({ ...delivery, objectId: null }, this.deps.types);
    if (wanted === null) return null;
    if ('known' in wanted) return this.withChanges(wanted.known, null);
    const waiting = this.waiting.get(delivery.seq);
    const known = waiting?.object.known ?? null;
    // Another delivery of the object may have been reserved after it was read, and wait for another read.
    if (waiting === undefined || known === null || known.beganAt < waiting.since)
      return this.withChanges(LATE, null);
    const { text } = known;
    const told = { delivery, object: waiting.object };
    return this.withChanges(
      eventState(known),
      text === null ? null : (this.deps.changes?.changed(told, text) ?? null),
    );
  }

  private withChanges(state: EventState, changed: ChangedFields | null): EventState {
    return this.deps.changes === undefined ? state : { ...state, changed };
  }

  /** The deliveries that carry an object. */
  private toldBy(deliveries: readonly Publishable[]): ToldObject[] {
    return deliveries.flatMap((delivery) => {
      const object = this.waiting.get(delivery.seq)?.object;
      return object === undefined ? [] : [{ delivery, object }];
    });
  }

  /** The object of a delivery that says that it does not exist. */
  private goneBy(delivery: Publishable): ObjectKey[] {
    const { event, data } = delivery;
    const known = this.waiting.get(delivery.seq)?.object;
    if (known?.known?.status === 'gone') return [known.wanted];
    const type = isDelete(event) ? objectTypeOf(event, data) : null;
    const id = type === null ? null : readableIdOf(data);
    return type === null || id === null ? [] : [{ entityTypeId: type.entityTypeId, id }];
  }

  /** What a delivery waits for; null where that is nothing. */
  private waitingFor(key: DeliveryKey, now: number): Waiting | null {
    const before = this.waiting.get(key.seq);
    if (before?.attempt === key.attempt) {
      before.seenAt = now;
      return before;
    }
    const wanted = wantedState(key, this.deps.types);
    if (wanted === null || 'known' in wanted || this.stopped) return null;
    if (before !== undefined) this.forget(key.seq);
    const snapshot = isOfSnapshot(key);
    const object = this.objects.take(wanted.object, snapshot ? 'snapshot' : 'state');
    if (!snapshot) object.priority = 'state';
    object.deliveries.add(key.seq);
    // A time in the future was written by another clock.
    const since = Math.min(key.since, now);
    const waiting: Waiting = {
      attempt: key.attempt,
      object,
      // What a snapshot tells was read before its events were written down; what comes again is read again.
      since: snapshot && key.attempt === 1 ? 0 : since,
      waitsFrom: Math.max(since, this.openSince),
      seenAt: now,
      stale: null,
    };
    this.waiting.set(key.seq, waiting);
    this.forgetLater();
    return waiting;
  }

  /** Until when a delivery waits for its state, Unix ms; null where it does not any more. */
  private waitsUntil(waiting: Waiting, readableAt: number, now: number): number | null {
    const { object, since } = waiting;
    const { known } = object;
    if (known !== null && known.beganAt >= since) {
      // A clock that was set back makes it neither older nor newer.
      if (Math.abs(now - known.beganAt) <= FRESH_MS) return null;
      if (waiting.stale !== known) waiting.waitsFrom = now;
      waiting.stale = known;
    }
    const untilAt = waiting.waitsFrom + this.deps.settings.STATE_WAIT_MS;
    if (now >= untilAt || readableAt > untilAt || this.stopped) return null;
    this.objects.read(object);
    return untilAt;
  }

  private forget(seq: number): void {
    const waiting = this.waiting.get(seq);
    if (waiting === undefined) return;
    const { object } = waiting;
    this.waiting.delete(seq);
    object.chain.lost(seq);
    object.deliveries.delete(seq);
    if (object.deliveries.size === 0) this.objects.drop(object);
  }

  /** What publishing does not ask for any more was taken back, given up or is another replica's. */
  private forgetLater(): void {
    if (this.forgetting !== null || this.stopped) return;
    this.forgetting = setTimeout(() => {
      this.forgetting = null;
      const now = this.now();
      for (const [seq, { seenAt }] of this.waiting) {
        if (Math.abs(now - seenAt) > FORGOTTEN_MS) this.forget(seq);
      }
      this.objects.dropIdle(FRESH_MS);
      if (this.waiting.size + this.objects.size > 0) this.forgetLater();
    }, FORGET_EVERY_MS).unref();
  }
}
