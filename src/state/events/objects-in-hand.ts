import { type StateFields } from '../../contract/state-fields.js';
import { ChangeChain } from '../changes/change-chain.js';
import { type ObjectRead, type ReadPriority } from '../reading/object-read.js';
import { type PortalReader } from '../reading/portal-reader.js';
import { type KnownState, knownState } from './known-state.js';
import { type StateMemory } from './state-memory.js';
import { type WantedObject } from './wanted-state.js';

/** An object of which deliveries are in hand. */
export interface InHand {
  readonly key: string;
  readonly wanted: WantedObject;
  priority: ReadPriority;
  /** Numbers of the deliveries. */
  readonly deliveries: Set<number>;
  known: KnownState | null;
  /** Calls off the read under way; null where there is none. */
  callOff: (() => void) | null;
  /** What events have told of it. */
  readonly chain: ChangeChain;
}

export interface InHandDependencies {
  readonly reader: Pick<PortalReader, 'want'>;
  readonly fields: StateFields;
  readonly settings: { readonly STATE_MAX_BYTES: number };
  /** For the states in hand of all portals. */
  readonly stateMemory: StateMemory;
  /** A state was found out: more may be published. */
  readonly wakeDispatch: () => void;
}

/** The objects of one portal that deliveries are about, what is known of them, and the reads under way. */
export class ObjectsInHand {
  private readonly objects = new Map<string, InHand>();

  constructor(
    private readonly deps: InHandDependencies,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.objects.size;
  }

  find({ entityTypeId, id }: Pick<WantedObject, 'entityTypeId' | 'id'>): InHand | undefined {
    return this.objects.get(`${entityTypeId}/${id}`);
  }

  /** @param priority of its reads, where nobody has asked for it yet */
  take(wanted: WantedObject, priority: ReadPriority): InHand {
    const before = this.find(wanted);
    if (before !== undefined) return before;
    const key = `${wanted.entityTypeId}/${wanted.id}`;
    const object: InHand = {
      key,
      wanted,
      priority,
      deliveries: new Set(),
      known: null,
      callOff: null,
      chain: new ChangeChain(),
    };
    this.objects.set(key, object);
    return object;
  }

  /** Has it read, unless that is under way, or there is no memory for what it would say. */
  read(object: InHand): void {
    const { reader, fields, stateMemory, wakeDispatch } = this.deps;
    if (object.callOff !== null || stateMemory.full) return;
    const { entityTypeId, id } = object.wanted;
    let settled = false;
    const callOff = reader.want({
      entityTypeId,
      id,
      select: fields.of(object.wanted),
      priority: object.priority,
      settle: (read) => {
        settled = true;
        object.callOff = null;
        this.learn(object, read);
        wakeDispatch();
      },
    });
    if (!settled) object.callOff = callOff;
  }

  learn(object: InHand, read: ObjectRead): void {
    const { stateMemory, settings } = this.deps;
    if (object.known !== null) stateMemory.giveBack(object.known.bytes);
    object.known = null;
    object.known = knownState(read, settings.STATE_MAX_BYTES, stateMemory, this.now());
  }

  drop(object: InHand): void {
    object.callOff?.();
    object.callOff = null;
    if (object.known !== null) this.deps.stateMemory.giveBack(object.known.bytes);
    object.known = null;
    this.objects.delete(object.key);
  }

  /** Drops those that no delivery is about and of which nothing was found out lately. */
  dropIdle(olderThanMs: number): void {
    for (const object of this.objects.values()) {
      const age = object.known === null ? Infinity : Math.abs(this.now() - object.known.beganAt);
      if (object.deliveries.size === 0 && age > olderThanMs) this.drop(object);
    }
  }

  dropAll(): void {
    for (const object of this.objects.values()) this.drop(object);
  }
}
