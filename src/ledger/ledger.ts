import { type Database } from '../database/database.js';
import {
  applyRound,
  type LedgerChange,
  releaseUnmarkable,
  type RoundApplied,
  rowsOf,
} from './apply-round.js';
import { claimPortals, claimPortalsOf } from './claim.js';
import { duePortals, portalsToMark } from './due-portals.js';
import { assertHeld, type Lease, LeaseLost } from './lease.js';
import {
  type Buried,
  nextDueAt,
  nextPublishable,
  type Publishable,
  type PublishableKind,
  recordDead,
  recordPublished,
} from './publishing.js';
import { purge } from './purge.js';
import { type Outcome, type OutcomesRecorded, recordOutcomes, settleSilent } from './record-outcomes.js';
import { type RetryPolicy } from './retry-timing.js';
import { heldProcessIds, roundSnapshot, type RoundSnapshot, snapshotIfInOrder } from './round-snapshot.js';
import { type Db } from './transitions.js';

/** The settings that the ledger keeps time by. */
export interface LedgerSettings extends RetryPolicy {
  readonly SETTLE_AFTER_MS: number;
  readonly SETTLE_MODE: 'timeout' | 'ack';
  readonly LATE_FAILURE_WINDOW_MS: number;
}

/**
 * The only memory: what the portals hold for us and what became of each delivery. Every method is one transaction;
 * when it resolves, what it says survives a power cut. Methods reject with the driver's error while the database
 * cannot be written, and then have changed nothing.
 */
export class Ledger {
  constructor(
    private readonly database: Database,
    private readonly settings: LedgerSettings,
    private readonly now: () => number = Date.now,
    private readonly fence: Fence | null = null,
  ) {}

  /**
   * This ledger for whoever owns a portal: what it writes, it writes only while nobody else has the lease, and rejects
   * with {@link LeaseLost} otherwise. Without a lease there is nobody else.
   * @param refused called when a write was refused
   */
  fencedBy(lease: Lease | null, refused: () => void): Ledger {
    if (lease === null) return this;
    return new Ledger(this.database, this.settings, this.now, { lease, refused });
  }

  /** What a round is planned from. */
  async snapshot(memberId: string): Promise<RoundSnapshot> {
    return roundSnapshot(this.database.db, memberId, this.settings, this.now());
  }

  /** The same, or null where there may be something to settle or to release before; see {@link snapshotIfInOrder}. */
  async snapshotIfInOrder(memberId: string): Promise<RoundSnapshot | null> {
    return snapshotIfInOrder(this.database.db, memberId, this.settings, this.now());
  }

  /**
   * Resolves when a write has worked.
   * @throws the driver's error while the database cannot be written
   */
  async probe(memberId: string): Promise<void> {
    await this.database.db
      .updateTable('portals')
      .set((eb) => ({ state_since: eb.ref('state_since') }))
      .where('member_id', '=', memberId)
      .execute();
  }

  /** When the first waiting delivery of a portal is due, Unix ms; null where none waits. */
  async nextDueAt(memberId: string): Promise<number | null> {
    return nextDueAt(this.database.db, memberId, this.settings, this.now());
  }

  /** Portals with deliveries that are to be published now. */
  async duePortals(): Promise<string[]> {
    return duePortals(this.database.db, this.now());
  }

  /** Portals with failures that have waited for their mark for `waitMs` and more. */
  async portalsToMark(waitMs: number): Promise<string[]> {
    return portalsToMark(this.database.db, this.now() - waitMs);
  }

  /** Process ids under which the ledger believes rows to be held, ascending. */
  async heldProcessIds(memberId: string): Promise<string[]> {
    return heldProcessIds(this.database.db, memberId);
  }

  /** Writes what a round did on the portal. */
  async applyRound(memberId: string, changes: readonly LedgerChange[]): Promise<RoundApplied> {
    if (changes.length === 0) return { marked: 0, cleared: 0, vanished: 0, swept: 0 };
    return this.write(
      [memberId],
      (tx) => applyRound(tx, memberId, changes, this.settings, this.now()),
      rowsOf(changes),
    );
  }

  /** Lets failed deliveries that cannot be marked wait for a retry instead; `all` on a plan without marks. */
  async releaseUnmarkable(memberId: string, all: boolean): Promise<number> {
    return this.write([memberId], (tx) => releaseUnmarkable(tx, memberId, all, this.settings, this.now()));
  }

  /** Settles what has been silent for `SETTLE_AFTER_MS`. */
  async settleSilent(memberId: string): Promise<{ processed: number; failed: number }> {
    return this.write([memberId], (tx) => settleSilent(tx, memberId, this.settings, this.now()), UNKNOWN);
  }

  /** Records what downstream services reported; acknowledge their replies when it resolves. */
  async recordOutcomes(outcomes: readonly Outcome[]): Promise<OutcomesRecorded> {
    const memberIds = outcomes.map((outcome) => outcome.memberId);
    return this.write(
      memberIds,
      (tx) => recordOutcomes(tx, outcomes, this.settings, this.now()),
      outcomes.length,
    );
  }

  /** The next deliveries to publish; see {@link nextPublishable}. */
  async nextPublishable(
    memberId: string,
    kind: PublishableKind,
    afterSeq: number,
    limit: number,
  ): Promise<Publishable[]> {
    return nextPublishable(this.database.db, memberId, kind, afterSeq, limit, this.settings, this.now());
  }

  /** Records confirms of the broker. */
  async recordPublished(deliveries: readonly Pick<Publishable, 'seq' | 'attempt'>[]): Promise<number> {
    if (deliveries.length === 0) return 0;
    return this.writeTo(deliveries, (tx) => recordPublished(tx, deliveries, this.now()));
  }

  /** Records confirms of the broker for dead letters. */
  async recordDead(deliveries: readonly Buried[]): Promise<number> {
    if (deliveries.length === 0) return 0;
    return this.writeTo(deliveries, (tx) => recordDead(tx, deliveries, this.now()));
  }

  /** Deletes records past their time. */
  async purge(): Promise<number> {
    const { db, dialect } = this.database;
    return purge(db, dialect, this.settings.LATE_FAILURE_WINDOW_MS, this.now());
  }

  private write<T>(memberIds: readonly string[], verb: (tx: Db) => Promise<T>, rows?: number): Promise<T> {
    return this.inTransaction(async (tx) => {
      await claimPortals(tx, this.database.dialect, memberIds);
      await this.assertHeld(tx);
      return verb(tx);
    }, rows);
  }

  private writeTo<T>(
    deliveries: readonly { readonly seq: number }[],
    verb: (tx: Db) => Promise<T>,
  ): Promise<T> {
    // Behind a fence they are all of one portal.
    if (this.fence !== null) return this.write([this.fence.lease.memberId], verb, deliveries.length);
    return this.inTransaction(async (tx) => {
      await claimPortalsOf(
        tx,
        this.database.dialect,
        deliveries.map((delivery) => delivery.seq),
      );
      return verb(tx);
    }, deliveries.length);
  }

  private async inTransaction<T>(work: (tx: Db) => Promise<T>, rows?: number): Promise<T> {
    try {
      return await this.database.transact(work, rows);
    } catch (error) {
      if (error instanceof LeaseLost) this.fence?.refused();
      throw error;
    }
  }

  private async assertHeld(tx: Db): Promise<void> {
    if (this.fence !== null) await assertHeld(tx, this.fence.lease);
  }
}

/** It may be any number of rows. */
const UNKNOWN = Number.POSITIVE_INFINITY;

interface Fence {
  readonly lease: Lease;
  readonly refused: () => void;
}
