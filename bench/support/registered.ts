import { sql } from 'kysely';
import { type Database } from '../../src/database/database.js';
import { usageOf } from './usage.js';

/** Replicas that are on paper only, by the beginning of their names. */
const PAPER = 'paper-';
const DAY_MS = 86_400_000;
/** How many answers in a row a portal has spoilt for which it is left alone: more than it takes. */
const BAD_ANSWERS = 30;

/**
 * Registers portals that are left alone for most of a day after answers that could not be taken in: their loops run,
 * and ask nothing, so no portal has to stand behind them.
 */
export async function registerPortals({ db }: Pick<Database, 'db'>, count: number): Promise<void> {
  const now = Date.now();
  await sql`
    insert into portals (member_id, name, domain, client_endpoint, access_token, refresh_token, token_expires_at,
      token_renewed_at, application_token, state, state_reason, state_since, extended, installed_at, source_key,
      bad_answers, ask_again_at)
    select md5('portal ' || n), 'portal-' || n, 'portal-' || n || '.example.com',
      'https://portal-' || n || '.example.com/rest/', md5('access ' || n), md5('refresh ' || n), ${now + DAY_MS}::bigint,
      ${now}::bigint, md5('application ' || n), 'suspended', 'left alone', ${now}::bigint, 1, ${now}::bigint, '',
      ${BAD_ANSWERS}::int, ${now + 0.9 * DAY_MS}::bigint
    from generate_series(1, ${count}::int) as n`.execute(db);
  await sql`analyze portals`.execute(db);
}

/**
 * So many more replicas, which are alive all day and have their share of the portals, all but `left` of them. What they
 * themselves would ask of the database is not there.
 */
export async function addPaperReplicas(
  { db }: Pick<Database, 'db'>,
  replicas: number,
  left: number,
): Promise<void> {
  if (replicas === 0) return;
  const until = Date.now() + DAY_MS;
  await sql`
    insert into replicas (id, beat_until) select ${PAPER} || n, ${until}::bigint
    from generate_series(1, ${replicas}::int) as n`.execute(db);
  await sql`
    insert into leases (member_id, owner, epoch, expires_at)
    select member_id, ${PAPER} || (1 + row_number() over (order by member_id) % ${replicas}::int), 1, ${until}::bigint
    from (select member_id from portals order by member_id offset ${left}::int) as theirs`.execute(db);
  await sql`
    update replicas set held = (select count(*) from leases where owner = id)`.execute(db);
  await sql`analyze leases`.execute(db);
}

/** How many portals each replica has that is a process, by its name. */
export async function ownedByProcesses({ db }: Pick<Database, 'db'>): Promise<Map<string, number>> {
  const { rows } = await sql<{ owner: string; count: number }>`
    select owner, count(*) as count from leases
    where owner is not null and owner not like ${`${PAPER}%`}
      and expires_at > extract(epoch from clock_timestamp()) * 1000
    group by owner`.execute(db);
  return new Map(rows.map(({ owner, count }) => [owner, Number(count)]));
}

/** What PostgreSQL has done for a database so far. */
export interface Asked {
  readonly transactions: number;
  /** Rows that it has read, of tables and of indexes. */
  readonly rows: number;
}

export async function askedOf({ db }: Pick<Database, 'db'>): Promise<Asked> {
  const { rows } = await sql<Asked>`
    select xact_commit + xact_rollback as transactions, tup_returned + tup_fetched as rows
    from pg_stat_database where datname = current_database()`.execute(db);
  return { transactions: Number(rows[0]?.transactions), rows: Number(rows[0]?.rows) };
}

/** Watches how much CPU time the server's processes for a database use; some of them end, and others come. */
export class BackendsWatch {
  private readonly seen = new Map<number, { readonly first: number; last: number }>();
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void>;
  private isWatching = false;

  constructor(
    private readonly database: Pick<Database, 'db'>,
    everyMs = 2000,
  ) {
    this.running = this.look();
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.look());
    }, everyMs);
  }

  /** CPU seconds since it began. 0 for a server on another machine. */
  async stop(): Promise<number> {
    clearInterval(this.timer);
    await this.running;
    await this.look();
    return [...this.seen.values()].reduce((sum, { first, last }) => sum + last - first, 0);
  }

  private async look(): Promise<void> {
    const { rows } = await sql<{ pid: number }>`
      select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
      this.database.db,
    );
    for (const { pid } of rows) {
      try {
        const { cpuSeconds } = usageOf(pid);
        const known = this.seen.get(pid);
        // What has come since has used all of it since.
        if (known === undefined)
          this.seen.set(pid, { first: this.isWatching ? 0 : cpuSeconds, last: cpuSeconds });
        else known.last = cpuSeconds;
      } catch {
        // It has ended, or the server is on another machine.
      }
    }
    this.isWatching = true;
  }
}
