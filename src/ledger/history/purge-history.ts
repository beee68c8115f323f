import { type RawBuilder, sql } from 'kysely';
import { type Database } from '../../database/database.js';
import { type HistorySettings } from './history-settings.js';

const DAY_MS = 86_400_000;
/** What happened on the way of an event that is dead is of use for as long as that is kept. */
const LOG_DAYS_AT_LEAST = 30;
/** Reasons that nobody has given for so long, beyond what is remembered, are forgotten. */
const REASON_GRACE_MS = 2 * DAY_MS;
/** Rows that one statement deletes, or looks at: others have their turn before the next. */
const SLICE = 1000;
/** Slices that one run looks at: it goes on where it stopped, and so comes by everything again and again. */
const SLICES = 50;

/** Where {@link HistoryPurge} goes on. */
interface Places {
  history: number;
  batches: number;
  reasons: number;
}

/**
 * Forgets history: what is older than HISTORY_DAYS, and the oldest of what is more than HISTORY_MAX_EVENTS. Each
 * statement is short and stands alone, so nothing waits for it.
 */
export class HistoryPurge {
  private readonly after: Places = { history: 0, batches: 0, reasons: 0 };

  constructor(
    private readonly database: Pick<Database, 'db' | 'dialect'>,
    private readonly settings: HistorySettings,
    private readonly now: () => number = Date.now,
  ) {}

  /** Returns how many events were forgotten. Rejects with the driver's error. */
  async run(): Promise<number> {
    const { HISTORY_DAYS, HISTORY_MAX_EVENTS } = this.settings;
    const now = this.now();
    const old = now - HISTORY_DAYS * DAY_MS;
    let count = await this.deleteExcess('history', 'seq', HISTORY_DAYS === 0 ? 0 : HISTORY_MAX_EVENTS);
    count += await this.purgeHistory(old);
    await this.deleteExcess('event_log', 'no', HISTORY_DAYS === 0 ? 0 : HISTORY_MAX_EVENTS);
    const oldLog = Math.min(old, now - LOG_DAYS_AT_LEAST * DAY_MS);
    await this.deleteLog(oldLog);
    await this.purgeBatches();
    await this.purgeReasons(oldLog - REASON_GRACE_MS);
    return count;
  }

  private async deleteExcess(table: 'history' | 'event_log', key: string, most: number): Promise<number> {
    const from = sql.table(table);
    const number = sql.ref(key);
    // Their numbers show at no cost that there cannot be too many; to count a million rows takes its time.
    const span = sql`(select max(${number}) from ${from}) - (select min(${number}) from ${from}) + 1`;
    if ((await this.value(sql`select ${span} as value`)) <= most) return 0;
    const rows = await this.value(sql`select count(*) as value from ${from}`);
    const excess = Math.min(rows - most, SLICE * SLICES);
    let count = 0;
    while (count < excess) {
      const part = Math.min(SLICE, excess - count);
      const deleted = await this.change(
        sql`delete from ${from} where ${number} <=
          (select ${number} from ${from} order by ${number} limit 1 offset ${part - 1})`,
      );
      if (deleted === 0) break;
      count += deleted;
    }
    return count;
  }

  /**
   * By number, which is about by time: an index by time would cost more, with every event. The first ones are looked at
   * until none of them is old, and of those after them a part each time.
   */
  private async purgeHistory(old: number): Promise<number> {
    let count = 0;
    for (let slice = 0, after = 0; slice < SLICES; slice += 1) {
      const { deleted, last } = await this.purgeSlice(after, old);
      count += deleted;
      if (deleted === 0 || last === null) break;
      after = last;
    }
    const { deleted, last } = await this.purgeSlice(this.after.history, old);
    this.after.history = last ?? 0;
    return count + deleted;
  }

  private async purgeSlice(
    after: number,
    old: number,
  ): Promise<{ readonly deleted: number; readonly last: number | null }> {
    const last = await this.part('history', after);
    const deleted = await this.change(
      sql`delete from history where seq > ${after} and seq <= ${last ?? Number.MAX_SAFE_INTEGER}
        and settled_at <= ${old}`,
    );
    return { deleted, last };
  }

  private async deleteLog(old: number): Promise<void> {
    for (let slice = 0; slice < SLICES; slice += 1) {
      const deleted = await this.change(
        sql`delete from event_log where no in
          (select no from event_log where at <= ${old} and no < (select min(no) from event_log) + ${sql.lit(SLICE)})`,
      );
      if (deleted === 0) return;
    }
  }

  /** Batches of which no event is remembered any more. */
  private async purgeBatches(): Promise<void> {
    const last = await this.part('history_batches', this.after.batches);
    await this.change(
      sql`delete from history_batches where no > ${this.after.batches} and no <= ${last ?? Number.MAX_SAFE_INTEGER}
        and no < (select max(no) from history_batches) - ${sql.lit(SLICE)}
        and not exists (select 1 from history where history.batch_no = history_batches.no)`,
    );
    this.after.batches = last ?? 0;
  }

  private async purgeReasons(unusedSince: number): Promise<void> {
    const last = await this.part('reasons', this.after.reasons);
    await this.change(
      sql`delete from reasons where no > ${this.after.reasons} and no <= ${last ?? Number.MAX_SAFE_INTEGER}
        and used_at < ${unusedSince}
        and not exists (select 1 from history where history.reason_no = reasons.no and history.reason_no is not null)
        and not exists (select 1 from deliveries where deliveries.reason_no = reasons.no and deliveries.reason_no is not null)`,
    );
    this.after.reasons = last ?? 0;
  }

  /** The number up to which the next part of a table goes; null for what is left of it. */
  private async part(
    table: 'history' | 'history_batches' | 'reasons',
    after: number,
  ): Promise<number | null> {
    const number = sql.ref(table === 'history' ? 'seq' : 'no');
    const last = await this.value(
      sql`select ${number} as value from ${sql.table(table)} where ${number} > ${after}
        order by ${number} limit 1 offset ${sql.lit(SLICE - 1)}`,
    );
    return last === 0 ? null : last;
  }

  private async value(query: ReturnType<typeof sql>): Promise<number> {
    const { rows } = await (query as RawBuilder<{ value: number | null }>).execute(this.database.db);
    return Number(rows[0]?.value ?? 0);
  }

  private async change(statement: ReturnType<typeof sql>): Promise<number> {
    // In a transaction, which waits for the one of another process.
    const { numAffectedRows } = await this.database.db
      .transaction()
      .execute((transaction) => statement.execute(transaction));
    return Number(numAffectedRows ?? 0);
  }
}
