import { type Database } from '../database/database.js';
import { claimPortals, claimPortalsOf } from './claim.js';
import { assertHeld, type Lease, LeaseLost } from './lease.js';
import { type Db } from './transitions.js';

/** What writes depend on: a lease, and what is told when it is lost. */
interface Fence {
  readonly lease: Lease;
  readonly refused: () => void;
}

/**
 * The ledger's transactions. Each has the deliveries of its portals to itself; behind a fence it writes only while the
 * lease is held, and rejects with {@link LeaseLost} otherwise.
 */
export class FencedWrites {
  constructor(
    private readonly database: Database,
    private readonly fence: Fence | null = null,
  ) {}

  /** Writes to deliveries of these portals. @param rows how many, about */
  of<T>(memberIds: readonly string[], verb: (tx: Db) => Promise<T>, rows?: number): Promise<T> {
    return this.inTransaction(async (tx) => {
      await claimPortals(tx, this.database.dialect, memberIds);
      if (this.fence !== null) await assertHeld(tx, this.fence.lease);
      return verb(tx);
    }, rows);
  }

  /** Writes to these deliveries. */
  to<T>(deliveries: readonly { readonly seq: number }[], verb: (tx: Db) => Promise<T>): Promise<T> {
    // Behind a fence they are all of one portal.
    if (this.fence !== null) return this.of([this.fence.lease.memberId], verb, deliveries.length);
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
}
