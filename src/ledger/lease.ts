import { type Db } from './transitions.js';

/** The right of one replica to act on one portal. */
export interface Lease {
  readonly memberId: string;
  /** The replica that it was given to. */
  readonly owner: string;
  /** Grows with every change of owner. */
  readonly epoch: number;
}

/** Another replica owns the portal by now: nothing was written. */
export class LeaseLost extends Error {
  constructor(lease: Lease) {
    super(`the lease of portal ${lease.memberId} (epoch ${lease.epoch}) is lost`);
    this.name = 'LeaseLost';
  }
}

/**
 * Makes sure that no replica has taken the lease over, and that none does before the transaction ends. Whether it has
 * expired does not matter here: as long as no other replica has it, none has read what is about to be written.
 * @throws {LeaseLost}
 */
export async function assertHeld(tx: Db, lease: Lease): Promise<void> {
  const row = await tx
    .selectFrom('leases')
    .select('epoch')
    .where('member_id', '=', lease.memberId)
    .where('owner', '=', lease.owner)
    .where('epoch', '=', lease.epoch)
    // Blocks a takeover of the lease, but not its renewal.
    .forKeyShare()
    .executeTakeFirst();
  if (row === undefined) throw new LeaseLost(lease);
}
