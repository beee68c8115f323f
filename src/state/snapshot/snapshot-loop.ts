import { type PortalError } from '../../bitrix24/errors.js';
import { type ObjectType, objectTypeOf } from '../../contract/object-types.js';
import { textOf } from '../../bitrix24/json-values.js';
import { type Ledger } from '../../ledger/ledger.js';
import { LeaseLost } from '../../ledger/lease.js';
import {
  advanceSnapshot,
  completeSnapshot,
  failSnapshot,
  noteMaxIds,
  SnapshotNotOurs,
} from '../../ledger/snapshots/advance-snapshot.js';
import {
  isTypeDone,
  type SnapshotRecord,
  snapshotProcessId,
  type SnapshotType,
} from '../../ledger/snapshots/snapshot-record.js';
import { type Snapshots } from '../../ledger/snapshots/snapshots.js';
import { type Db } from '../../ledger/transitions.js';
import { type Log } from '../../logging/log.js';
import { reasonOf } from '../../logging/reason.js';
import { WakeableSleep } from '../../timing/wakeable-sleep.js';
import { IdRanges } from '../reading/id-ranges.js';
import { type ObjectFields } from '../reading/object-read.js';
import { type PortalReader } from '../reading/portal-reader.js';
import { type ListedObject, type Page, readWindow } from './read-window.js';
import { type SnapshotLoops } from './snapshot-loops.js';
import { completedEvent, messageIdOf, objectEvent } from './snapshot-events.js';

/** Takes what was read of objects, for the events that tell of them. */
interface ReadStates {
  /** @param readAt Unix ms, when the reading began */
  known(object: ObjectType & { readonly id: string }, fields: ObjectFields, readAt: number): void;
}

export interface SnapshotDependencies {
  readonly memberId: string;
  /** Its name, for the log. */
  readonly portal: string;
  readonly snapshots: Pick<Snapshots, 'running'>;
  /** Fenced by the portal's lease. */
  readonly ledger: Pick<Ledger, 'insertUnheld' | 'lastSeq' | 'underWay' | 'unpublishedOf'>;
  readonly reader: Pick<PortalReader, 'list'>;
  /** Where it is found while it runs. */
  readonly loops: SnapshotLoops;
  /** Fields that are read of a type. */
  readonly fieldsOf: (type: ObjectType) => readonly string[];
  readonly states: ReadStates;
  /** There is something to publish. */
  readonly published: () => void;
  /** Whether there is any use in more events at present. */
  readonly mayPublish: () => boolean;
  readonly settings: { readonly DRAIN_MAX_IN_FLIGHT: number };
  readonly log: Log;
  readonly now?: () => number;
}

/** Objects that one transaction writes: the portal's own events never stand behind many more. */
const SLICE = 250;
/** So many deliveries of the portal may wait to be published before more are written. */
const UNPUBLISHED = 250;
/** Of what may be in flight, a snapshot leaves this part to the portal's own events. */
const LEFT_TO_ROUNDS = 0.5;
/** How often it is looked whether there is room for more. */
const ROOM_MS = 50;
const FULL_MS = 1000;
/** After what may pass by itself. */
const PASSES_MS = 10_000;
const LONGEST_MS = 300_000;

/**
 * Reads the snapshots of one portal: page by page in the order of ids, each written together with the position behind
 * it. Behind everything else: the reader's last priority, a few hundred events at a time, and none while many are in
 * flight. What it has in memory may be lost at any moment: at most a window of pages is read again.
 */
export class SnapshotLoop {
  private readonly pause = new WakeableSleep();
  private readonly stopping = new AbortController();
  private readonly now: () => number;
  private running: Promise<void> | null = null;
  /** By snapshot and kind: how dense its ids are. */
  private ranges: { readonly of: string; readonly ranges: IdRanges } | null = null;
  private pauseMs = PASSES_MS;

  constructor(private readonly deps: SnapshotDependencies) {
    this.now = deps.now ?? Date.now;
  }

  /** Nothing is asked of the database until something says that there is a snapshot. */
  start(): void {
    this.deps.loops.add(this.deps.memberId, this);
  }

  /** There is a snapshot to read. One that is being read, or waits for something, goes on as it was. */
  look(): void {
    if (this.stopping.signal.aborted) return;
    this.running ??= this.run().finally(() => (this.running = null));
  }

  /** What it waits for may have come. */
  wake(): void {
    this.pauseMs = PASSES_MS;
    this.pause.wakeIn(0);
  }

  async stop(): Promise<void> {
    this.deps.loops.remove(this.deps.memberId, this);
    this.stopping.abort();
    this.pause.wakeIn(0);
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const waitMs = await this.step();
      if (waitMs === null || this.stopping.signal.aborted) return;
      if (waitMs > 0) await this.pause.sleep(waitMs);
    }
  }

  /** Does what is next: when to go on, ms; null where there is nothing to do. Never rejects. */
  async step(): Promise<number | null> {
    const { memberId, snapshots, log } = this.deps;
    try {
      const snapshot = await snapshots.running(memberId);
      if (snapshot === null) return null;
      if (snapshot.types.some(({ maxId }) => maxId === null)) return await this.begin(snapshot);
      const type = snapshot.types.find((one) => !isTypeDone(one));
      return type === undefined ? await this.complete(snapshot) : await this.readOn(snapshot, type);
    } catch (error) {
      if (this.stopping.signal.aborted || error instanceof LeaseLost) return null;
      // Paused or cancelled meanwhile: what was read is not needed.
      if (error instanceof SnapshotNotOurs) return 0;
      log.warn({ event: 'snapshot.held_up', portal: this.deps.portal, reason: reasonOf(error) });
      return this.longer();
    }
  }

  /** Finds out up to which ids there are objects. What is made from now on, the portal announces. */
  private async begin(snapshot: SnapshotRecord): Promise<number> {
    const types = snapshot.types.filter(({ maxId }) => maxId === null);
    const outcomes = await this.list(
      types.map(({ entityTypeId }) => ({
        entityTypeId,
        filter: snapshot.filter,
        order: { id: 'DESC' as const },
        select: ['id'],
      })),
    );
    const maxIds = new Map<number, number>();
    for (const [index, { ordinal, name }] of types.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) continue;
      if ('failed' in outcome) return this.failed(snapshot, name, outcome.failed);
      maxIds.set(ordinal, Math.max(0, ...outcome.items.map((item) => Number(textOf(item['id'])))));
    }
    await this.write(snapshot, (tx) => noteMaxIds(tx, snapshot.no, maxIds, this.now()));
    this.deps.log.info({
      event: 'snapshot.begun',
      portal: this.deps.portal,
      snapshot: snapshot.no,
      types: snapshot.types.map(({ name }) => name),
      by: snapshot.askedBy,
    });
    return 0;
  }

  /** Reads the next window of a kind, and writes it. */
  private async readOn(snapshot: SnapshotRecord, type: SnapshotType): Promise<number> {
    const since = await this.deps.ledger.lastSeq();
    const read = await readWindow(
      (commands) => this.list(commands),
      {
        entityTypeId: type.entityTypeId,
        filter: snapshot.filter,
        select: withId(this.deps.fieldsOf(type)),
        after: type.afterId,
        maxId: type.maxId ?? 0,
      },
      this.rangesOf(snapshot, type),
    );
    if ('failed' in read) return this.failed(snapshot, type.name, read.failed);
    this.pauseMs = PASSES_MS;
    let from = type.afterId;
    for (const slice of slicesOf(read.pages)) {
      await this.room();
      await this.insert(snapshot, type, slice, from, since);
      from = slice.upTo;
    }
    return 0;
  }

  private async insert(
    snapshot: SnapshotRecord,
    type: SnapshotType,
    { upTo, items }: Slice,
    from: number,
    since: number,
  ): Promise<void> {
    const { no, memberId, routingKey } = snapshot;
    const processId = snapshotProcessId(no);
    const { states } = this.deps;
    const written = await this.deps.ledger.insertUnheld(
      {
        memberId,
        origin: 'snapshot',
        processId,
        routingKey,
        events: items.map(({ id, beganAt }) => objectEvent(no, type, id, beganAt)),
      },
      since,
      kindOf,
      (tx, { superseded }) =>
        advanceSnapshot(
          tx,
          { no, ordinal: type.ordinal, from, upTo, objects: items.length, superseded: superseded.length },
          this.now(),
        ),
    );
    for (const { id, fields, beganAt } of items) {
      if (!written.inserted.has(messageIdOf(type.name, id))) continue;
      states.known({ name: type.name, entityTypeId: type.entityTypeId, id: String(id) }, fields, beganAt);
    }
    if (written.inserted.size > 0) this.deps.published();
  }

  /** When everything of it is published, its last event follows. */
  private async complete(snapshot: SnapshotRecord): Promise<number> {
    const { no, memberId } = snapshot;
    const processId = snapshotProcessId(no);
    if ((await this.deps.ledger.unpublishedOf(memberId, processId)) > 0) return FULL_MS;
    const now = this.now();
    await this.deps.ledger.insertUnheld(
      { memberId, origin: 'snapshot', processId, routingKey: null, events: [completedEvent(snapshot, now)] },
      await this.deps.ledger.lastSeq(),
      kindOf,
      (tx) => completeSnapshot(tx, no, now),
    );
    this.deps.published();
    const count = (what: 'objects' | 'superseded') =>
      snapshot.types.reduce((sum, type) => sum + type[what], 0);
    this.deps.log.info({
      event: 'snapshot.completed',
      portal: this.deps.portal,
      snapshot: no,
      objects: count('objects'),
      superseded: count('superseded'),
    });
    return 0;
  }

  /** What may pass is waited for; what would be refused again ends it, until people resume it. */
  private async failed(snapshot: SnapshotRecord, type: string, error: PortalError): Promise<number> {
    this.stopping.signal.throwIfAborted();
    const { log, portal } = this.deps;
    const reason = `${type}: ${error.message}`;
    if (!ENDS.has(error.action)) {
      log.warn({ event: 'snapshot.held_up', portal, snapshot: snapshot.no, reason });
      return this.longer();
    }
    await this.write(snapshot, (tx) => failSnapshot(tx, snapshot.no, reason, this.now()));
    log.error({ event: 'snapshot.failed', portal, snapshot: snapshot.no, reason });
    return 0;
  }

  /** Waits until there is room for a slice. */
  private async room(): Promise<void> {
    const { ledger, memberId, settings, mayPublish } = this.deps;
    for (;;) {
      this.stopping.signal.throwIfAborted();
      const { inFlight, unpublished } = await ledger.underWay(memberId);
      const isFull = !mayPublish() || inFlight >= settings.DRAIN_MAX_IN_FLIGHT * LEFT_TO_ROUNDS;
      if (!isFull && unpublished < UNPUBLISHED) return;
      await this.pause.sleep(isFull ? FULL_MS : ROOM_MS);
    }
  }

  private list(commands: Parameters<PortalReader['list']>[0]) {
    return this.deps.reader.list(commands, 'snapshot', this.stopping.signal);
  }

  private async write({ memberId, no }: SnapshotRecord, work: (tx: Db) => Promise<void>): Promise<void> {
    await this.deps.ledger.insertUnheld(
      { memberId, origin: 'snapshot', processId: snapshotProcessId(no), routingKey: null, events: [] },
      0,
      kindOf,
      work,
    );
  }

  private rangesOf({ no }: SnapshotRecord, { ordinal }: SnapshotType): IdRanges {
    const of = `${no}/${ordinal}`;
    if (this.ranges?.of !== of) this.ranges = { of, ranges: new IdRanges() };
    return this.ranges.ranges;
  }

  private longer(): number {
    const waitMs = this.pauseMs;
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_MS);
    return waitMs;
  }
}

/** What was refused once is refused again: a field of the filter that the type does not have, a right that is missing. */
const ENDS: ReadonlySet<PortalError['action']> = new Set(['bug', 'configuration', 'unlicensed']);

const kindOf = (event: string, data: unknown) => objectTypeOf(event, data)?.name ?? '';

const withId = (fields: readonly string[]) =>
  fields.includes('*') || fields.includes('id') ? fields : ['id', ...fields];

/** What one transaction writes. */
interface Slice {
  readonly upTo: number;
  readonly items: readonly (ListedObject & Pick<Page, 'beganAt'>)[];
}

/** Pages put together to slices, each up to where its last page reaches. */
function* slicesOf(pages: readonly Page[]): Generator<Slice> {
  let items: Slice['items'][number][] = [];
  let upTo: number | null = null;
  for (const page of pages) {
    if (upTo !== null && items.length + page.items.length > SLICE) {
      yield { upTo, items };
      items = [];
    }
    items.push(...page.items.map((item) => ({ ...item, beganAt: page.beganAt })));
    ({ upTo } = page);
  }
  if (upTo !== null) yield { upTo, items };
}
