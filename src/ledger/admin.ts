import { type Database } from '../database/database.js';
import { type DeliveryState } from '../database/schema.js';
import { claimPortalsOf } from './claim.js';
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
import { retryNow, type RetriedNow } from './retry-now.js';
import { type RetryPolicy } from './retry-timing.js';
import { heldProcessIds } from './round-snapshot.js';
import { chunks, type Db } from './transitions.js';
import { inFlightByPortal, troubleByPortal, type Troubles } from './trouble.js';

/** Deliveries changed in one transaction: a service beside us is held up for milliseconds. */
const CHUNK = 500;

/**
 * What people do to deliveries, beside a running service. Reads are of one moment; changes are short transactions,
 * each of which leaves alone what has changed its state in between. Methods reject with the driver's error.
 */
export class LedgerAdmin {
  constructor(
    private readonly database: Database,
    private readonly policy: RetryPolicy,
    private readonly now: () => number = Date.now,
  ) {}

  list(filter: DeliveryFilter, limit: number): Promise<DeliveryRecord[]> {
    return listDeliveries(this.database.db, filter, limit);
  }

  /** Deliveries by the time at which they entered their state, the latest first. */
  latest(filter: DeliveryFilter, limit: number, after?: PageMark): Promise<DeliveryRecord[]> {
    return latestDeliveries(this.database.db, filter, limit, after);
  }

  /** What went wrong at every portal where something did, by member id. */
  troubleByPortal(): Promise<Map<string, Troubles>> {
    return troubleByPortal(this.database.db);
  }

  /** Deliveries that are neither settled nor marked, by member id. */
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

  /** Makes deliveries due now; see {@link retryNow}. */
  async retryNow(seqs: readonly number[]): Promise<RetriedNow> {
    const sum: RetriedNow = { renewed: 0, due: 0, fetched: 0, left: {} };
    for (const part of chunks(seqs, CHUNK)) {
      const done = await this.write(part, (tx) => retryNow(tx, part, this.policy, this.now()));
      sum.renewed += done.renewed;
      sum.due += done.due;
      sum.fetched += done.fetched;
      addTo(sum.left, done.left);
    }
    return sum;
  }

  /** Gives deliveries up; see {@link discard}. */
  async discard(seqs: readonly number[], by: string): Promise<Discarded> {
    const sum: Discarded = { discarded: 0, left: {} };
    for (const part of chunks(seqs, CHUNK)) {
      const done = await this.write(part, (tx) => discard(tx, part, by, this.now()));
      sum.discarded += done.discarded;
      addTo(sum.left, done.left);
    }
    return sum;
  }

  private write<T>(seqs: readonly number[], verb: (tx: Db) => Promise<T>): Promise<T> {
    const { transact, dialect } = this.database;
    return transact(async (tx) => {
      await claimPortalsOf(tx, dialect, seqs);
      return verb(tx);
    });
  }
}

function addTo(
  sum: Partial<Record<DeliveryState, number>>,
  more: Partial<Record<DeliveryState, number>>,
): void {
  for (const [state, count] of Object.entries(more) as [DeliveryState, number][]) {
    sum[state] = (sum[state] ?? 0) + count;
  }
}
