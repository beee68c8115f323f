import { type Database } from '../database/database.js';
import { applyRound, type RoundApplied } from './apply-round.js';
import { duePortals, portalsToFetch, portalsToMark, type PortalsOf } from './due-portals.js';
import { FencedWrites } from './fenced-writes.js';
import {
  insertUnheld,
  type KindOf,
  lastSeq,
  type UnheldEvents,
  type UnheldInserted,
} from './insert-unheld.js';
import { type Lease } from './lease.js';
import { type LedgerChange, rowsOf } from './ledger-change.js';
import { type Outcome, type OutcomesRecorded } from './outcome.js';
import {
  type ConfirmedDeadLetter,
  nextDueAt,
  nextPublishable,
  type PublishableKind,
  recordDead,
  recordPublished,
} from './publishing.js';
import { type Publishable } from './publishable.js';
import { nextPublishableKeys, type PublishableKey, publishableNamed } from './publishable-keys.js';
import { purge } from './purge.js';
import { recordOutcomes } from './record-outcomes.js';
import {
  countRefused,
  nextRefused,
  recordRefused,
  type Refusal,
  type RefusedKey,
  refusedKeys,
  refusedPortals,
} from './refused.js';
import { releaseUnmarkable } from './release-unmarkable.js';
import { type RetryPolicy } from './retry-timing.js';
import { type HistorySettings } from './history/history-settings.js';
import { markedDue } from './marked-due.js';
import { type MentionOf } from './note-mentions.js';
import { noteMarksSent, type MarksSent } from './note-marks-sent.js';
import {
  heldProcessIds,
  roundSnapshot,
  type RoundSnapshot,
  snapshotIfInOrder,
  underWay,
  unpublishedOf,
} from './round-snapshot.js';
import { hasSilent, settleSilent } from './settle-silent.js';
import { type Returned, takeBack } from './take-back.js';
import { claimAll, isDone, type QueueScope } from './source-key.js';
import { type Db } from './transitions.js';

/** The settings that the ledger keeps time by. */
export interface LedgerSettings extends RetryPolicy, HistorySettings {
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
    private readonly sourceKey = '',
    private readonly writes = new FencedWrites(database),
    private readonly mentionOf: MentionOf | null = null,
  ) {}

  /** This ledger, which notes what events say of objects beside them; see {@link noteMentions}. */
  noting(mentionOf: MentionOf): Ledger {
    return new Ledger(this.database, this.settings, this.now, this.sourceKey, this.writes, mentionOf);
  }

  /**
   * This ledger for a portal's owner: it writes only while no other replica has the lease, and rejects
   * with `LeaseLost` otherwise. Without a lease there is no other replica.
   * @param refused called when a write was refused
   */
  fencedBy(lease: Lease | null, refused: () => void): Ledger {
    if (lease === null) return this;
    const writes = new FencedWrites(this.database, { lease, refused });
    return new Ledger(this.database, this.settings, this.now, this.sourceKey, writes, this.mentionOf);
  }

  /**
   * This ledger for the rounds of one source key ('' for those without): of what portals hold, they see and change only
   * what was reserved under it.
   */
  under(sourceKey: string): Ledger {
    if (sourceKey === this.sourceKey) return this;
    return new Ledger(this.database, this.settings, this.now, sourceKey, this.writes, this.mentionOf);
  }

  /**
   * Writes what belongs to a portal and goes with its deliveries: nothing else writes those meanwhile.
   * @param rows how many, about
   */
  async write<T>(memberId: string, verb: (tx: Db) => Promise<T>, rows?: number): Promise<T> {
    return this.writes.of([memberId], verb, rows);
  }

  /** What a round is planned from. */
  async snapshot(memberId: string): Promise<RoundSnapshot> {
    return roundSnapshot(this.database.db, this.queue(memberId), this.settings, this.now());
  }

  /**
   * The same, or null where there may be something to settle or to release before; see {@link snapshotIfInOrder}.
   * @param silentMs how long ago something must have been published to count as silent; Infinity: nothing does
   */
  async snapshotIfInOrder(
    memberId: string,
    silentMs = this.settings.SETTLE_AFTER_MS,
  ): Promise<RoundSnapshot | null> {
    return snapshotIfInOrder(this.database.db, this.queue(memberId), silentMs, this.settings, this.now());
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

  /**
   * When the first waiting delivery of a portal is due, Unix ms; null where none waits.
   * @param after looks only at what is due later, Unix ms
   */
  async nextDueAt(memberId: string, after: number | null = null): Promise<number | null> {
    return nextDueAt(this.database.db, memberId, this.settings, this.now(), after);
  }

  /** Portals with deliveries that are to be published now. */
  async duePortals(owner: PortalsOf = null): Promise<string[]> {
    return duePortals(this.database.db, owner, this.now());
  }

  /** Portals with failures that have waited for their mark for `waitMs` and more. */
  async portalsToMark(waitMs: number, owner: PortalsOf = null): Promise<string[]> {
    return portalsToMark(this.database.db, owner, this.now() - waitMs);
  }

  /** Portals with marked deliveries that have become due in the last `sinceMs`. */
  async portalsToFetch(sinceMs: number, owner: PortalsOf = null): Promise<string[]> {
    const now = this.now();
    return portalsToFetch(this.database.db, owner, { after: now - sinceMs, until: now });
  }

  /** Process ids under which the ledger believes rows of this source key to be held, ascending. */
  async heldProcessIds(memberId: string): Promise<string[]> {
    return heldProcessIds(this.database.db, memberId, this.sourceKey);
  }

  /** Messages that are marked, and due or marked for `ageMs` and more; at most `limit`. */
  async markedDue(memberId: string, ageMs: number, limit: number): Promise<string[]> {
    return markedDue(this.database.db, this.queue(memberId), ageMs, limit, this.now());
  }

  /** Whether nothing of a portal depends on the source key any more: no row held, marked, to be marked or journaled. */
  async isDone(memberId: string): Promise<boolean> {
    return isDone(this.database.db, this.queue(memberId));
  }

  /**
   * Takes everything that a portal holds to be under this source key: of what was recorded before keys were, none is
   * known. What turns out to be under another one is put right when it is found there.
   * @returns how many deliveries and journaled rows changed their key
   */
  async claimAll(memberId: string): Promise<number> {
    return this.writes.of([memberId], (tx) => claimAll(tx, this.queue(memberId)), UNKNOWN);
  }

  /** Notes, before a round is sent, which failures it marks. */
  async noteMarksSent(memberId: string, marks: readonly MarksSent[]): Promise<void> {
    await this.writes.of(
      [memberId],
      (tx) => noteMarksSent(tx, this.queue(memberId), marks, this.now()),
      marks.length,
    );
  }

  /** Writes what a round did on the portal. */
  async applyRound(memberId: string, changes: readonly LedgerChange[]): Promise<RoundApplied> {
    if (changes.length === 0) return { marked: 0, cleared: 0, vanished: 0, displaced: 0 };
    return this.writes.of(
      [memberId],
      (tx) => applyRound(tx, this.queue(memberId), changes, this.settings, this.now(), this.mentionOf),
      rowsOf(changes),
    );
  }

  /** A place in the order of all deliveries: what is reserved from now on comes after it. */
  async lastSeq(): Promise<number> {
    return lastSeq(this.database.db);
  }

  /**
   * Writes deliveries that no portal holds; see {@link insertUnheld}.
   * @param also is done in the same transaction
   */
  async insertUnheld(
    events: UnheldEvents,
    since: number,
    kindOf: KindOf,
    also?: (tx: Db, inserted: UnheldInserted) => Promise<void>,
  ): Promise<UnheldInserted> {
    return this.writes.of(
      [events.memberId],
      async (tx) => {
        const inserted = await insertUnheld(tx, events, since, kindOf, this.now());
        await also?.(tx, inserted);
        return inserted;
      },
      events.events.length,
    );
  }

  /** How many deliveries of a batch are still to be published for the first time. */
  async unpublishedOf(memberId: string, processId: string): Promise<number> {
    return unpublishedOf(this.database.db, memberId, processId);
  }

  /** How many deliveries of a portal are neither settled, refused nor marked; how many of them are still to be published. */
  async underWay(memberId: string): Promise<{ readonly inFlight: number; readonly unpublished: number }> {
    return underWay(this.database.db, memberId);
  }

  /**
   * Lets failed deliveries that cannot be marked wait for a retry instead: `all` where the portal takes no marks, and
   * all of some batches.
   */
  async releaseUnmarkable(
    memberId: string,
    all: boolean,
    batches: ReadonlySet<string> = new Set(),
  ): Promise<number> {
    return this.writes.of([memberId], (tx) =>
      releaseUnmarkable(tx, this.queue(memberId), all, batches, this.settings, this.now()),
    );
  }

  /** Whether anything was published `silentMs` ago or before and has been silent since. */
  async hasSilent(memberId: string, silentMs: number): Promise<boolean> {
    if (!Number.isFinite(silentMs)) return false;
    const now = this.now();
    return hasSilent(this.database.db, memberId, publishedBy(now, silentMs), this.settings, now);
  }

  /**
   * Settles what has been silent.
   * @param silentMs how long ago it must have been published; Infinity: nothing is settled
   */
  async settleSilent(
    memberId: string,
    silentMs = this.settings.SETTLE_AFTER_MS,
  ): Promise<{ processed: number; failed: number }> {
    if (!Number.isFinite(silentMs)) return { processed: 0, failed: 0 };
    const now = this.now();
    return this.writes.of(
      [memberId],
      (tx) => settleSilent(tx, memberId, publishedBy(now, silentMs), this.settings, now),
      UNKNOWN,
    );
  }

  /** Records what downstream services reported; acknowledge their replies when it resolves. */
  async recordOutcomes(outcomes: readonly Outcome[]): Promise<OutcomesRecorded> {
    const memberIds = outcomes.map((outcome) => outcome.memberId);
    return this.writes.of(
      memberIds,
      (tx) => recordOutcomes(tx, outcomes, this.settings, this.now()),
      outcomes.length,
    );
  }

  /** Takes failed events back that it has forgotten; see {@link takeBack}. */
  async takeBack(returned: readonly Returned[]): Promise<Returned[]> {
    return this.writes.of(
      returned.map(({ memberId }) => memberId),
      (tx) => takeBack(tx, returned, this.settings, this.now()),
      returned.length,
    );
  }

  /** The next deliveries to publish; see {@link nextPublishable}. */
  async nextPublishable(
    memberId: string,
    kind: PublishableKind,
    afterSeq: number,
    limit: number,
  ): Promise<Publishable[]> {
    return nextPublishable(this.reading(limit), memberId, kind, afterSeq, limit, this.settings, this.now());
  }

  /** The same deliveries without what they carry; see {@link nextPublishableKeys}. */
  async nextPublishableKeys(
    memberId: string,
    kind: PublishableKind,
    afterSeq: number,
    limit: number,
  ): Promise<PublishableKey[]> {
    return nextPublishableKeys(this.database.db, memberId, kind, afterSeq, limit, this.settings, this.now());
  }

  /** Of these deliveries, those that are still to be published. */
  async publishableNamed(memberId: string, seqs: readonly number[]): Promise<Publishable[]> {
    return publishableNamed(this.reading(seqs.length), memberId, seqs);
  }

  /** Under which routing keys deliveries are refused, and when they are to be tried again; see {@link refusedKeys}. */
  async refusedKeys(memberId: string): Promise<RefusedKey[]> {
    return refusedKeys(this.database.db, memberId, this.settings, this.now());
  }

  /** Deliveries refused under this key that are to be tried now, the one that has waited longest first. */
  async nextRefused(memberId: string, key: string, limit: number): Promise<Publishable[]> {
    return nextRefused(this.database.db, memberId, key, limit, this.settings, this.now());
  }

  /** How many deliveries of a portal are refused at present. */
  async countRefused(memberId: string): Promise<number> {
    return countRefused(this.database.db, memberId);
  }

  /** Portals of which deliveries are refused. */
  async refusedPortals(owner: PortalsOf = null): Promise<string[]> {
    return refusedPortals(this.database.db, owner);
  }

  /** Records that the broker refused these deliveries; each is tried again after its back-off. */
  async recordRefused(refusals: readonly Refusal[]): Promise<number> {
    if (refusals.length === 0) return 0;
    return this.writes.to(refusals, (tx) => recordRefused(tx, refusals, this.settings, this.now()));
  }

  /** Records confirms of the broker. */
  async recordPublished(deliveries: readonly Pick<Publishable, 'seq' | 'attempt'>[]): Promise<number> {
    if (deliveries.length === 0) return 0;
    return this.writes.to(deliveries, (tx) => recordPublished(tx, deliveries, this.now()));
  }

  /** Records confirms of the broker for dead letters. */
  async recordDead(deliveries: readonly ConfirmedDeadLetter[]): Promise<number> {
    if (deliveries.length === 0) return 0;
    return this.writes.to(deliveries, (tx) => recordDead(tx, deliveries, this.settings, this.now()));
  }

  /** Deletes records past their time, a part of them if there are many; see {@link purge}. Returns how many. */
  async purge(limit = PURGED_AT_ONCE): Promise<number> {
    return purge(this.database, this.settings, this.now(), limit);
  }

  /** The connection to read with: small reads are served first. */
  private reading(rows: number): Db {
    return rows < MANY ? this.database.db : this.database.lowPriority;
  }

  private queue(memberId: string): QueueScope {
    return { memberId, sourceKey: this.sourceKey };
  }
}

/** The clock has cut off a part of a millisecond, and what was due in it is due. */
function publishedBy(now: number, silentMs: number): number {
  return Math.ceil(now - silentMs);
}

/** A transaction that writes as many into the history holds up others for some 10 ms. */
export const PURGED_AT_ONCE = 1000;

/** Reading so many rows with what they carry takes longer than most questions. */
const MANY = 50;
/** For reads of unknown size. */
const UNKNOWN = Number.POSITIVE_INFINITY;
