import { type Database } from '../../src/database/database.js';
import { type DeliveriesTable } from '../../src/database/schema.js';
import { type Difference, type PortalStandIn } from './portal-stand-in.js';

/** A promise of the bridge was broken. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

type Delivery = Pick<
  DeliveriesTable,
  | 'process_id'
  | 'message_id'
  | 'row_id'
  | 'state'
  | 'state_at'
  | 'reason'
  | 'held'
  | 'errored'
  | 'attempt'
  | 'origin'
>;

const heldKey = (processId: string, rowId: string | number) => `${processId}|${rowId}`;
const touchKey = (processId: string, messageId: string) => `${processId}|${messageId}`;

/**
 * Keeps the books from outside: what changed, what reached a consumer, who did what to the portal. Time is counted
 * in happenings, so that "after" has no doubt.
 */
export class Oracle {
  private happening = 0;
  private firstBroken: Broken | null = null;
  private readonly changedAt = new Map<string, number>();
  private readonly deliveredAt = new Map<string, number>();
  /** By message id: the last failure that must be followed by another delivery. */
  private readonly failedAt = new Map<string, number>();
  /** Rows that must leave their batch by a mark, by batch and row. */
  private readonly toMark = new Set<string>();
  /** Rows that the ledger may believe to be held, since their fate was told to nobody. */
  private readonly excusedHeld = new Set<string>();
  /** Messages of batches that a foreign hand took rows from since the bridge last looked at them. */
  private readonly touched = new Map<string, number>();
  /** The same, whatever the bridge has seen since. */
  private readonly everTouched = new Set<string>();
  /** Rows that requests given up long ago have moved, by batch and message. */
  private readonly movedLate = new Set<string>();
  private readonly publishes = new Map<string, number>();
  /**
   * Rows that somebody else, or a request given up long ago, reserved or marked after they were journaled: to the
   * bridge they are there twice.
   */
  private readonly doubled = new Set<string>();

  /** When the bridge was last told what a batch holds, Unix ms. */
  private readonly lookedAt = new Map<string, number>();

  constructor(
    private readonly now: () => number,
    private readonly portal: PortalStandIn,
    private readonly database: Database,
    private readonly maxAttempts: number,
  ) {}

  changed(messageId: string): void {
    this.changedAt.set(messageId, ++this.happening);
  }

  delivered(messageId: string): void {
    this.deliveredAt.set(messageId, ++this.happening);
  }

  /** A failure report that cannot be overlooked. */
  failed(messageId: string): void {
    this.failedAt.set(messageId, ++this.happening);
  }

  mustBeMarked(processId: string, rowId: number): void {
    this.toMark.add(heldKey(processId, rowId));
  }

  /** Marks are no longer due: the plan has none. */
  noMarks(): void {
    this.toMark.clear();
  }

  /** The ledger has recorded a confirmed publish. */
  published(rowId: string, eventId: string): void {
    if (this.doubled.has(rowId)) return;
    const count = (this.publishes.get(eventId) ?? 0) + 1;
    this.publishes.set(eventId, count);
    if (count > this.maxAttempts) throw this.broken(`${eventId} was delivered ${count} times`);
  }

  /** The bridge is told what a batch held at that time. */
  looked(processId: string, at: number): void {
    this.lookedAt.set(processId, this.now());
    for (const [key, touchedAt] of this.touched) {
      if (key.startsWith(`${processId}|`) && touchedAt <= at) this.touched.delete(key);
    }
  }

  /** Now, in happenings. */
  get moment(): number {
    return this.happening;
  }

  /** The bridge is about to mark these messages of a batch. @throws {Broken} where the batch does not hold them */
  marks(processId: string, messageIds: readonly string[]): void {
    for (const messageId of messageIds) {
      const key = touchKey(processId, messageId);
      const held = this.portal.queue
        .rows()
        .some((row) => row.PROCESS_ID === processId && row.MESSAGE_ID === messageId && row.ERROR === 0);
      if (!held && !this.touched.has(key) && !this.movedLate.has(key))
        throw this.broken(`a mark of ${messageId}, which ${processId} does not hold`);
    }
  }

  /** The bridge sends this command. @throws {Broken} where it is about something that the portal never had */
  asks(command: string): void {
    if (command.includes('snapshot')) throw this.broken(`a call for what no portal has: ${command}`);
  }

  /**
   * The bridge did this to the portal: by a request whose answer it gets, by one whose answer is lost, or by one
   * that was given up long ago.
   */
  byBridge({ released, deleted, marked, destroyed }: Difference, answer: 'told' | 'lost' | 'given_up'): void {
    const touched = answer === 'given_up' ? this.everTouched : this.touched;
    for (const { messageId, processId } of destroyed) {
      if (!touched.has(touchKey(processId, messageId)))
        throw this.broken(`a stale mark of ${messageId} under ${processId} destroyed a live row`);
    }
    // A mark that stands for several batches of one object, or one that a foreign hand has made a stale one.
    const markedMessages = new Set([
      ...marked.map((row) => row.MESSAGE_ID),
      ...destroyed.map(({ messageId }) => messageId),
    ]);
    for (const row of released) {
      const key = heldKey(row.PROCESS_ID, row.ID);
      if (answer !== 'told') this.excusedHeld.add(key);
      if (answer === 'given_up') this.movedLate.add(touchKey(row.PROCESS_ID, row.MESSAGE_ID));
      if (this.toMark.delete(key) && !markedMessages.has(row.MESSAGE_ID))
        throw this.broken(`row ${row.ID} failed and left without a mark`);
    }
    for (const row of deleted) {
      if (destroyed.some(({ messageId }) => messageId === row.MESSAGE_ID)) this.excuse(row.MESSAGE_ID);
    }
  }

  /** Somebody else, or the portal's agent, did this to it. */
  async byOthers(
    { released, deleted, reserved, marked }: Difference,
    who: 'people' | 'agent',
  ): Promise<void> {
    const journaled = await this.noteDoubles({ reserved, marked });
    for (const row of released) {
      this.excusedHeld.add(heldKey(row.PROCESS_ID, row.ID));
      this.toMark.delete(heldKey(row.PROCESS_ID, row.ID));
      // The agent's habits are known, people's are not; but nothing helps between a look and the mark after it.
      const lookedAt = this.lookedAt.get(row.PROCESS_ID) ?? 0;
      if (who === 'agent' && this.now() - lookedAt >= 60_000) continue;
      this.everTouched.add(touchKey(row.PROCESS_ID, row.MESSAGE_ID));
      this.touched.set(touchKey(row.PROCESS_ID, row.MESSAGE_ID), ++this.happening);
    }
    if (deleted.length === 0) return;
    const deliveries = await this.deliveries();
    const remembered = new Set([
      ...deliveries
        .filter(({ state }) => ['reserved', 'refused', 'failed', 'marked', 'waiting'].includes(state))
        .map((delivery) => delivery.row_id),
      ...journaled,
    ]);
    for (const row of deleted) {
      // Nobody could deliver what was deleted before anybody had seen it.
      if (!remembered.has(String(row.ID))) this.excuse(row.MESSAGE_ID);
    }
  }

  /** A request that was given up long ago did this to the portal. */
  async byGivenUp(difference: Difference): Promise<void> {
    await this.noteDoubles(difference);
    this.byBridge(difference, 'given_up');
  }

  /** What holds after every step. @throws {Broken} */
  async check(): Promise<void> {
    if (this.firstBroken !== null) throw this.firstBroken;
    const held = new Set(
      this.portal.queue
        .rows()
        .filter((row) => row.PROCESS_ID !== '')
        .map((row) => heldKey(row.PROCESS_ID, row.ID)),
    );
    for (const delivery of await this.deliveries()) {
      const { origin, held: isHeld, errored, state } = delivery;
      if (origin !== null && (isHeld === 1 || errored === 1 || state === 'failed' || state === 'marked'))
        throw this.broken(`the ledger takes a row for the portal's that is not: ${JSON.stringify(delivery)}`);
      if (delivery.held === 0) continue;
      const key = heldKey(delivery.process_id, delivery.row_id);
      if (!held.has(key) && !this.excusedHeld.has(key))
        throw this.broken(`the ledger claims what the portal does not hold: ${JSON.stringify(delivery)}`);
    }
  }

  /** Whether nothing is left to be done. */
  async atRest(): Promise<boolean> {
    if (this.portal.queue.size > 0) return false;
    const deliveries = await this.deliveries();
    if (deliveries.some(({ state, held }) => held === 1 || (state !== 'processed' && state !== 'dead')))
      return false;
    return (await this.database.db.selectFrom('journal').select('row_id').execute()).length === 0;
  }

  /** What holds when everything has come to rest. @throws {Broken} */
  checkAtRest(): void {
    for (const [messageId, at] of this.changedAt) {
      if ((this.deliveredAt.get(messageId) ?? 0) < at)
        throw this.broken(`the last change of ${messageId} was lost`);
    }
    for (const [messageId, at] of this.failedAt) {
      if ((this.deliveredAt.get(messageId) ?? 0) < at)
        throw this.broken(`${messageId} failed and was not delivered again`);
    }
    if (this.toMark.size > 0) throw this.broken(`never marked: ${[...this.toMark].join(', ')}`);
  }

  deliveries(): Promise<Delivery[]> {
    return this.database.db
      .selectFrom('deliveries')
      .select([
        'process_id',
        'message_id',
        'row_id',
        'state',
        'state_at',
        'reason',
        'held',
        'errored',
        'attempt',
        'origin',
      ])
      .execute();
  }

  /** Returns the rows that are journaled. */
  private async noteDoubles({
    reserved,
    marked,
  }: Pick<Difference, 'reserved' | 'marked'>): Promise<ReadonlySet<string>> {
    const journal = await this.database.db.selectFrom('journal').select('row_id').execute();
    const journaled = new Set(journal.map((row) => row.row_id));
    for (const { ID } of [...reserved, ...marked])
      if (journaled.has(String(ID))) this.doubled.add(String(ID));
    return journaled;
  }

  /** Kept: what is thrown in the middle of a round, the round takes for a lost answer. */
  private broken(what: string): Broken {
    return (this.firstBroken ??= new Broken(what));
  }

  private excuse(messageId: string): void {
    this.changedAt.delete(messageId);
    this.failedAt.delete(messageId);
  }
}
