import { type RawBuilder, sql } from 'kysely';
import { type Database } from '../database/database.js';
import { type Lease } from './lease.js';
import { type Db } from './transitions.js';

/** Who is there, and how much there is to share; of one moment. */
export interface Survey {
  /** Replicas whose heartbeat is not over, in one order for all. */
  readonly replicas: readonly string[];
  readonly portals: number;
  /** Portals by owner, those of owners that are gone as long as their leases last. */
  readonly owned: Readonly<Record<string, number>>;
}

/** What a replica tells the others; its text means nothing to the ledger. */
export interface StoredReport {
  readonly replica: string;
  /** By the database's clock, ms. */
  readonly writtenAt: number;
  /** How long ago that was, ms. */
  readonly age: number;
  /** Null where it is the one that is known already. */
  readonly text: string | null;
}

/** Replicas that have been gone for so long are forgotten. */
const FORGET_AFTER_MS = 600_000;

/**
 * The leases of all portals as PostgreSQL keeps them. Only its clock decides what has expired, so it does not matter
 * what time the replicas have. Methods reject with the driver's error, and then may have done it or not: an acquired
 * lease that no replica knows of expires.
 */
export class LeaseBook {
  constructor(
    private readonly database: Database,
    readonly replica: string,
    private readonly leaseMs: number,
  ) {}

  /**
   * Says that this replica is alive, for another `leaseMs`.
   * @param report what it has to tell the others; null where that is nothing new
   */
  async heartbeat(report: string | null): Promise<void> {
    const reportedAt = report === null ? null : NOW;
    await sql`
      with gone as (delete from replicas where beat_until < ${NOW} - ${FORGET_AFTER_MS}::bigint)
      insert into replicas (id, beat_until, report, reported_at, held)
      values (${this.replica}, ${this.expiry()}, ${report}, ${reportedAt}, 0)
      on conflict (id) do update set beat_until = excluded.beat_until,
        report = coalesce(excluded.report, replicas.report),
        reported_at = coalesce(excluded.reported_at, replicas.reported_at)`.execute(this.database.db);
  }

  /**
   * Prolongs leases by `leaseMs` from now, and notes how many these are; returns the portals of those that were still
   * valid.
   */
  async renew(leases: readonly Lease[]): Promise<Set<string>> {
    const { rows } = await sql<{ member_id: string }>`
      with renewed as (
        update leases l set expires_at = ${this.expiry()}
        from ${listed(leases)}
        where l.member_id = h.member_id and l.epoch = h.epoch and ${this.isOurs}
          and l.expires_at > ${NOW}
        returning l.member_id),
      noted as (
        update replicas set held = (select count(*) from renewed)
        where id = ${this.replica} and held is distinct from (select count(*) from renewed))
      select member_id from renewed`.execute(this.database.db);
    return new Set(rows.map((row) => row.member_id));
  }

  /**
   * As {@link survey}, from what the replicas note of themselves: it costs a row for each of them, however many portals
   * there are. What a replica that is gone has left counts as free at once, and can be had when its leases are over.
   */
  async survey(): Promise<Survey> {
    const { rows } = await sql<{ id: string; held: number | null; portals: number }>`
      select r.id, r.held, t.portals from portal_total t
      left join replicas r on r.beat_until > ${NOW} order by r.id`.execute(this.database.db);
    const alive = rows.filter((row) => row.id !== null);
    // A version before this one notes nothing.
    if (alive.some(({ held }) => held === null)) return survey(this.database.db);
    return {
      replicas: alive.map(({ id }) => id),
      portals: rows[0]?.portals ?? 0,
      owned: Object.fromEntries(
        alive.filter(({ held }) => held !== 0).map(({ id, held }) => [id, held ?? 0]),
      ),
    };
  }

  /** Takes leases that are free or have expired, at most `limit`. What others are just taking is left to them. */
  async acquire(limit: number): Promise<Lease[]> {
    const { db } = this.database;
    await sql`
      insert into leases (member_id, owner, epoch, expires_at)
      select p.member_id, null, 0, 0 from portals p
      where not exists (select from leases l where l.member_id = p.member_id)
      on conflict do nothing`.execute(db);
    const { rows } = await sql<{ member_id: string; epoch: number }>`
      with free as (
        select l.member_id from leases l
        where (l.owner is null or l.expires_at <= ${NOW})
          and exists (select from portals p where p.member_id = l.member_id)
        order by l.expires_at, l.member_id limit ${limit}
        for update skip locked),
      taken as (
        update leases l set owner = ${this.replica}, epoch = l.epoch + 1, expires_at = ${this.expiry()}
        from free where l.member_id = free.member_id
        returning l.member_id, l.epoch),
      noted as (
        update replicas set held = held + (select count(*) from taken) where id = ${this.replica})
      select member_id, epoch from taken`.execute(db);
    return rows.map((row) => ({ memberId: row.member_id, owner: this.replica, epoch: row.epoch }));
  }

  /** Gives leases back: others may take them at once. */
  async release(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    await sql`
      with freed as (
        update leases l set owner = null, expires_at = 0 from ${listed(leases)}
        where l.member_id = h.member_id and l.epoch = h.epoch and ${this.isOurs}
        returning l.member_id)
      update replicas set held = greatest(0, held - (select count(*) from freed))
      where id = ${this.replica}`.execute(this.database.db);
  }

  /** Gives everything back and is gone. */
  async leave(): Promise<void> {
    await this.database.db.transaction().execute(async (tx) => {
      await tx.deleteFrom('replicas').where('id', '=', this.replica).execute();
      await tx
        .updateTable('leases')
        .set({ owner: null, expires_at: 0 })
        .where('owner', '=', this.replica)
        .execute();
    });
  }

  /**
   * For leases that are named anyway. Written so that the planner does not use the index by owner: with stale statistics it
   * would read all our leases for each one named.
   */
  private get isOurs(): RawBuilder<boolean> {
    return sql`l.owner is not distinct from ${this.replica}`;
  }

  private expiry(): RawBuilder<number> {
    return sql<number>`${NOW} + ${this.leaseMs}::bigint`;
  }
}

/** Reads which replicas are alive, and what this one has. PostgreSQL only. */
export async function survey(db: Db): Promise<Survey> {
  const { rows } = await sql<Survey>`
    select array(select id from replicas where beat_until > ${NOW} order by id) as replicas,
      (select count(*) from portals) as portals,
      (select coalesce(json_object_agg(owner, portals), '{}') from (
        select l.owner, count(*) as portals from leases l join portals p on p.member_id = l.member_id
        where l.owner is not null and l.expires_at > ${NOW} group by l.owner) as each) as owned`.execute(db);
  return rows[0] ?? { replicas: [], portals: 0, owned: {} };
}

/** The replica that owns each portal at present, by member id. PostgreSQL only. */
export async function leaseHolders(db: Db): Promise<Map<string, string>> {
  // One row for each replica: there may be very many portals, and a page is waiting.
  const { rows } = await sql<{ owner: string; portals: string[] }>`
    select owner, json_agg(member_id) as portals from leases
    where owner is not null and expires_at > ${NOW} group by owner`.execute(db);
  return new Map(rows.flatMap(({ owner, portals }) => portals.map((memberId) => [memberId, owner] as const)));
}

/**
 * What the replicas that are alive tell. PostgreSQL only.
 * @param known when those were written that need not be read again, by replica
 */
export async function storedReports(db: Db, known: ReadonlyMap<string, number>): Promise<StoredReport[]> {
  const { rows } = await sql<StoredReport>`
    select r.id as replica, r.reported_at as "writtenAt", ${NOW} - r.reported_at as age,
      case when k.written_at is distinct from r.reported_at then r.report end as text
    from replicas r
    left join unnest(${[...known.keys()]}::text[], ${[...known.values()]}::bigint[]) as k(id, written_at)
      on k.id = r.id
    where r.beat_until > ${NOW} and r.reported_at is not null`.execute(db);
  return rows;
}

/** Milliseconds by the database's clock, moving on within a transaction. */
const NOW = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/** Leases as a table `h`. */
function listed(leases: readonly Lease[]): RawBuilder<unknown> {
  const memberIds = leases.map((lease) => lease.memberId);
  const epochs = leases.map((lease) => lease.epoch);
  return sql`unnest(${memberIds}::text[], ${epochs}::bigint[]) as h(member_id, epoch)`;
}
