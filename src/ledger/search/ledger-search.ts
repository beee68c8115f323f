import { sql } from 'kysely';
import { type Database } from '../../database/database.js';
import { type EventLogTable } from '../../database/schema.js';
import { anywhere, fold } from '../history/fold.js';
import { keyOf } from '../history/reasons.js';
import { both, type Condition, type EventFilter, type FoundMark, type FoundOrder } from './event-filter.js';
import { findInHistory } from './find-in-history.js';
import { canBeInLedger, findInLedger, ledgerCondition } from './find-in-ledger.js';
import { type FoundDelivery } from './found-delivery.js';

/** What happened on an event's way; see {@link EventLogTable}. */
export type EventLogEntry = Omit<EventLogTable, 'no' | 'reason_no'> & {
  readonly no: number;
  readonly reason: string | null;
};

/** More of them than one index look-up each is worth. */
const ONE_BY_ONE = 10;

/**
 * Looks for events in the ledger and in the history, as one list. Each kind of condition has an index, on both databases;
 * alternatives are looked up one by one and merged. Methods reject with the driver's error.
 */
export class LedgerSearch {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  /** In this order, at most `limit`. @throws RangeError where the order does not go with the states */
  async find(
    filter: EventFilter,
    order: FoundOrder,
    after: FoundMark | undefined,
    limit: number,
  ): Promise<FoundDelivery[]> {
    const { db } = this.database;
    const found = new Map<number, FoundDelivery>();
    const conditions = alternatives(filter);
    // The ledger first: what leaves it meanwhile is found in the history.
    for (const condition of conditions) {
      for (const one of await findInLedger(db, condition, order, after, limit)) found.set(one.seq, one);
    }
    if (order !== 'latest') {
      for (const condition of conditions) {
        for (const one of await findInHistory(db, condition, order, after, limit))
          if (!found.has(one.seq)) found.set(one.seq, one);
      }
    }
    const at = (one: FoundDelivery) => (order === 'latest' ? one.stateSince : one.changedAt);
    const sign = order === 'oldest' ? 1 : -1;
    return [...found.values()]
      .sort((left, right) => sign * (at(left) - at(right) || left.seq - right.seq))
      .slice(0, limit);
  }

  /** Numbers of the deliveries in the ledger that are meant, ascending. */
  async seqs(filter: EventFilter): Promise<number[]> {
    const rows = await this.matching(filter).select('seq').execute();
    return rows.map(({ seq }) => seq).sort((left, right) => left - right);
  }

  /** Numbers of the reasons in which this occurs, whatever its case. */
  async reasonsWith(text: string): Promise<number[]> {
    const folded = fold(text);
    if (folded === '') return [];
    const rows = await this.database.db
      .selectFrom('reasons')
      .select('no')
      .where(sql<boolean>`folded like ${anywhere(folded)} escape '\\'`)
      .execute();
    return rows.map(({ no }) => no);
  }

  /** Numbers of the reasons that are this one, whatever its case. */
  async reasonsLike(text: string): Promise<number[]> {
    const rows = await this.database.db
      .selectFrom('reasons')
      .select('no')
      .where('fold_key', '=', keyOf(fold(text)))
      .execute();
    return rows.map(({ no }) => no);
  }

  /** Codes of all events that there are, or were. */
  async codes(): Promise<string[]> {
    const rows = await this.database.db.selectFrom('event_codes').select('code').execute();
    return rows.map(({ code }) => code);
  }

  /** Rows whose events once had this process id, by the log of what happened to them. */
  async rowsOfProcess(processId: string): Promise<{ memberId: string; rowId: string; changedAt: number }[]> {
    return this.database.db
      .selectFrom('event_log')
      .select(['member_id as memberId', 'row_id as rowId', 'changed_at as changedAt'])
      .distinct()
      .where('process_id', '=', processId)
      .execute();
  }

  /** What happened to a portal's row, in order. */
  async log(memberId: string, rowId: string): Promise<EventLogEntry[]> {
    return this.database.db
      .selectFrom('event_log as l')
      .leftJoin('reasons as r', 'r.no', 'l.reason_no')
      .select([
        'l.no',
        'l.member_id',
        'l.row_id',
        'l.changed_at',
        'l.process_id',
        'l.what',
        'l.at',
        'l.attempt',
        'l.reserved_at',
        'l.published_at',
        'l.via',
        'l.by_whom',
        'r.text as reason',
      ])
      .where('l.member_id', '=', memberId)
      .where('l.row_id', '=', rowId)
      .orderBy('l.no')
      .execute();
  }

  private matching(filter: EventFilter) {
    const { db } = this.database;
    const { all, any } = filter;
    return db
      .selectFrom('deliveries')
      .where((eb) =>
        canBeInLedger(all)
          ? eb.and([
              ledgerCondition(db, eb, all),
              ...(any === undefined
                ? []
                : [eb.or([eb.lit(false), ...any.map((one) => ledgerCondition(db, eb, one))])]),
            ])
          : eb.lit(false),
      );
  }
}

/** Conditions of which one has to hold, each of which is looked up by itself. */
function alternatives({ all, any }: EventFilter): Condition[] {
  const each = any === undefined ? [all] : any.map((one) => both(all, one));
  return each
    .filter((condition) => condition !== null)
    .flatMap((condition) => {
      const { reasonNos } = condition;
      if (reasonNos === undefined || reasonNos.length > ONE_BY_ONE) return [condition];
      return reasonNos.map((no) => ({ ...condition, reasonNos: [no] }));
    });
}
