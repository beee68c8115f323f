import { type Kysely, sql } from 'kysely';
import { type Schema } from '../database/schema.js';

/** One portal lent to a replica. The epoch grows with every change of hands. */
export interface Lease {
  readonly memberId: string;
  readonly epoch: number;
}

/** The lease of a portal is no longer ours: another replica acts for it, or may any moment. */
export class LeaseLost extends Error {
  constructor(memberId: string) {
    super(`the lease of portal ${memberId} is lost`);
    this.name = 'LeaseLost';
  }
}

/** The database's own clock, Unix ms: replicas' clocks may differ. */
const NOW = sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;

/**
 * Who acts for which portal, on PostgreSQL. Every method is one short transaction.
 */
export class LeaseBook {
  constructor(
    private readonly db: Kysely<Schema>,
    private readonly replicaId: string,
    private readonly leaseMs: number,
  ) {}

  /** Says that this replica lives, and returns how many do. */
  async beat(): Promise<number> {
    await sql`insert into replicas (replica_id, seen_at) values (${this.replicaId}, ${NOW})
      on conflict (replica_id) do update set seen_at = excluded.seen_at`.execute(this.db);
    await sql`delete from replicas where seen_at < ${NOW} - ${this.leaseMs * 20}`.execute(this.db);
    const live = await sql<{ count: number }>`select count(*) as count from replicas
      where seen_at > ${NOW} - ${this.leaseMs}`.execute(this.db);
    return Number(live.rows[0]?.count ?? 1);
  }

  /** Prolongs what is still ours, and returns it. What has expired is not prolonged: it may be somebody's already. */
  async renew(): Promise<Lease[]> {
    const { rows } = await sql<{ member_id: string; epoch: number }>`update leases
      set expires_at = ${NOW} + ${this.leaseMs}
      where replica_id = ${this.replicaId} and expires_at > ${NOW}
      returning member_id, epoch`.execute(this.db);
    return rows.map((row) => ({ memberId: row.member_id, epoch: row.epoch }));
  }

  /** Takes up to `limit` portals that nobody holds. */
  async acquire(limit: number): Promise<Lease[]> {
    if (limit <= 0) return [];
    await sql`insert into leases (member_id, replica_id, epoch, expires_at)
      select member_id, '', 0, 0 from portals where true on conflict (member_id) do nothing`.execute(this.db);
    const { rows } = await sql<{ member_id: string; epoch: number }>`update leases
      set replica_id = ${this.replicaId}, epoch = epoch + 1, expires_at = ${NOW} + ${this.leaseMs}
      where member_id in (
        select member_id from leases where expires_at <= ${NOW}
        order by expires_at limit ${limit} for update skip locked)
      returning member_id, epoch`.execute(this.db);
    return rows.map((row) => ({ memberId: row.member_id, epoch: row.epoch }));
  }

  /** Gives portals back, once nothing acts for them any more. */
  async release(memberIds: readonly string[]): Promise<void> {
    if (memberIds.length === 0) return;
    await this.db
      .updateTable('leases')
      .set({ expires_at: 0 })
      .where('replica_id', '=', this.replicaId)
      .where('member_id', 'in', [...memberIds])
      .execute();
  }

  /** Portals there are, to be shared out. */
  async portals(): Promise<number> {
    const { count } = await this.db
      .selectFrom('portals')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Leaves: the others share out what was ours at once. */
  async leave(): Promise<void> {
    await this.db
      .updateTable('leases')
      .set({ expires_at: 0 })
      .where('replica_id', '=', this.replicaId)
      .execute();
    await this.db.deleteFrom('replicas').where('replica_id', '=', this.replicaId).execute();
  }

  /**
   * Makes sure, within a transaction, that a lease is ours until it commits.
   * @throws {LeaseLost}
   */
  async assertHeld(tx: Kysely<Schema>, { memberId, epoch }: Lease): Promise<void> {
    const { rows } = await sql`select 1 from leases where member_id = ${memberId} and epoch = ${epoch}
      and replica_id = ${this.replicaId} and expires_at > ${NOW} for share`.execute(tx);
    if (rows.length === 0) throw new LeaseLost(memberId);
  }
}
