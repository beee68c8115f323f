import { type Database } from '../database/database.js';
import { type DeliveryState } from '../database/schema.js';
import { claimPortals } from './claim.js';
import { discard, type Discarded } from './discard.js';
import {
  countDeliveries,
  type DeliveryFilter,
  type DeliveryRecord,
  type DeliveryReference,
  deliverySeqs,
  findDeliveries,
  latestDeliveries,
  listDeliveries,
  type PageMark,
  someDeliveries,
} from './find-deliveries.js';
import { lastOfEvents } from './last-of-events.js';
import { reasonGroups, type ReasonGroup } from './reason-groups.js';
import { recordsOf } from './records-of.js';
import { retriedOf, retryNow, type RetriedNow } from './retry-now.js';
import { addUp } from './state-counts.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { revive, type Revived } from './revive.js';
import { heldProcessIds } from './round-snapshot.js';
import { type Returned } from './take-back.js';
import { chunks, type Db } from './transitions.js';
import { inFlightByPortal, troubleByPortal, type Troubles } from './trouble.js';

/** Who has deliveries changed, and where that is written down. */
export interface Hand {
  /** A name for the record. */
  readonly by: string;
  /** Told of each part that is done, of one portal each: how many deliveries of it were changed. */
  readonly trail?: {
    /** In the transaction that does it. */
    inside(tx: Db, memberId: string, count: number): Promise<void>;
    /** After its commit. */
    committed(memberId: string, count: number): void;
  };
}

/** Deliveries changed in one transaction: the running service is held up for milliseconds. */
const CHUNK = 500;

/**
 * What people do to deliveries, beside a running service. Reads are of one moment; changes are short transactions,
 * each of which leaves alone what has changed its state in between. Methods reject with the driver's error.
 */
export class LedgerAdmin {
  constructor(
    private readonly database: Database,
    private readonly policy: LedgerPolicy,
    private readonly now: () => number = Date.now,
  ) {}

  list(filter: DeliveryFilter, limit: number): Promise<DeliveryRecord[]> {
    return listDeliveries(this.database.db, filter, limit);
  }

  /** Deliveries by the time at which they entered their state, the latest first unless the oldest are to be. */
  latest(
    filter: DeliveryFilter,
    limit: number,
    after?: PageMark,
    order?: 'latest' | 'oldest',
  ): Promise<DeliveryRecord[]> {
    return latestDeliveries(this.database.db, filter, limit, after, order);
  }

  /** Deliveries by their numbers, in the order of these; what is gone is left out. */
  records(seqs: readonly number[]): Promise<DeliveryRecord[]> {
    return recordsOf(this.database.db, seqs);
  }

  /** The last delivery of each of these events, in their order; of what is gone, nothing. */
  lastOf(events: Parameters<typeof lastOfEvents>[1]): Promise<DeliveryRecord[]> {
    return lastOfEvents(this.database.db, events);
  }

  /** For what reasons most of the deliveries that match went wrong. */
  reasons(filter: DeliveryFilter, limit: number): Promise<ReasonGroup[]> {
    return reasonGroups(this.database.db, filter, limit);
  }

  /** What went wrong at every portal where something did, by member id. */
  troubleByPortal(): Promise<Map<string, Troubles>> {
    return troubleByPortal(this.database.db);
  }

  /** Deliveries that are neither settled, refused nor marked, by member id. */
  inFlightByPortal(): Promise<Map<string, number>> {
    return inFlightByPortal(this.database.db);
  }

  count(filter: DeliveryFilter): Promise<Partial<Record<DeliveryState, number>>> {
    return countDeliveries(this.database.db, filter);
  }

  seqs(filter: DeliveryFilter): Promise<number[]> {
    return deliverySeqs(this.database.db, filter);
  }

  /** State and portal of each of these deliveries. */
  some(seqs: readonly number[]): Promise<{ seq: number; state: DeliveryState; memberId: string }[]> {
    return someDeliveries(this.database.db, seqs);
  }

  find(reference: DeliveryReference): Promise<DeliveryRecord[]> {
    return findDeliveries(this.database.db, reference);
  }

  /** Process ids under which the ledger believes rows to be held, ascending. */
  heldProcessIds(memberId: string): Promise<string[]> {
    return heldProcessIds(this.database.db, memberId);
  }

  /** Makes deliveries due now, portal by portal; see {@link retryNow}. */
  async retryNow(seqs: readonly number[], hand?: Hand): Promise<RetriedNow> {
    const sum: RetriedNow = { renewed: 0, due: 0, fetched: 0, left: {} };
    await this.eachPart(seqs, hand, async (tx, part) => {
      const done = await retryNow(tx, part, this.policy, this.now(), hand?.by ?? null);
      return {
        count: retriedOf(done),
        committed: () => {
          sum.renewed += done.renewed;
          sum.due += done.due;
          sum.fetched += done.fetched;
          sum.left = addUp(sum.left, done.left);
        },
      };
    });
    return sum;
  }

  /** Gives deliveries up, portal by portal; see {@link discard}. */
  async discard(seqs: readonly number[], hand: Hand): Promise<Discarded> {
    const sum: Discarded = { discarded: 0, left: {} };
    await this.eachPart(seqs, hand, async (tx, part) => {
      const done = await discard(tx, part, hand.by, this.policy, this.now());
      return {
        count: done.discarded,
        committed: () => {
          sum.discarded += done.discarded;
          sum.left = addUp(sum.left, done.left);
        },
      };
    });
    return sum;
  }

  /** Has the events of dead letters delivered again, in one transaction; see {@link revive}. One result for each. */
  async revive(letters: readonly Omit<Returned, 'reason'>[], hand: Hand): Promise<Revived[]> {
    const { transact, dialect } = this.database;
    const counts = new Map<string, number>();
    const results = await transact(async (tx) => {
      counts.clear();
      await claimPortals(
        tx,
        dialect,
        letters.map(({ memberId }) => memberId),
      );
      const done: Revived[] = [];
      for (const letter of letters) {
        const revived = await revive(tx, letter, this.policy, this.now(), hand.by);
        if (revived === 'due') counts.set(letter.memberId, (counts.get(letter.memberId) ?? 0) + 1);
        done.push(revived);
      }
      for (const [memberId, count] of counts) await hand.trail?.inside(tx, memberId, count);
      return done;
    });
    for (const [memberId, count] of counts) hand.trail?.committed(memberId, count);
    return results;
  }

  /** Short transactions, each of one portal. */
  private async eachPart(
    seqs: readonly number[],
    hand: Hand | undefined,
    verb: (tx: Db, part: readonly number[]) => Promise<{ count: number; committed: () => void }>,
  ): Promise<void> {
    const { transact, dialect } = this.database;
    for (const [memberId, own] of await this.byPortal(seqs)) {
      for (const part of chunks(own, CHUNK)) {
        const done = await transact(async (tx) => {
          await claimPortals(tx, dialect, [memberId]);
          const result = await verb(tx, part);
          if (result.count > 0) await hand?.trail?.inside(tx, memberId, result.count);
          return result;
        });
        done.committed();
        if (done.count > 0) hand?.trail?.committed(memberId, done.count);
      }
    }
  }

  private async byPortal(seqs: readonly number[]): Promise<Map<string, number[]>> {
    const parts = new Map<string, number[]>();
    for (const { seq, memberId } of await this.some(seqs)) {
      const own = parts.get(memberId);
      if (own === undefined) parts.set(memberId, [seq]);
      else own.push(seq);
    }
    return parts;
  }
}
