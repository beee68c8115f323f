import { sql } from 'kysely';
import { type Database } from '../database/database.js';
import { type DeliveryState } from '../database/schema.js';
import { forgetProcessIds } from './former-process-ids.js';
import { type HistorySettings } from './history/history-settings.js';
import { HistoryNotWritten, keepHistory } from './history/keep-history.js';
import { among } from './lists.js';
import { type Db } from './transitions.js';

/** A dead delivery stays visible this long after its dead letter was confirmed: longer than a holiday. */
export const DEAD_RETENTION_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;

/** What may be deleted when. */
interface PurgeSettings extends Pick<HistorySettings, 'HISTORY_DAYS'> {
  readonly LATE_FAILURE_WINDOW_MS: number;
}

/**
 * Deletes the records of deliveries that are settled, cleared on the portal and past their time, and writes into the
 * history, in the same transaction, what became of them. Returns how many; at most `limit` of each kind, so that one run
 * never holds the database for long.
 */
export async function purge(
  database: Pick<Database, 'db' | 'dialect' | 'transact'>,
  settings: PurgeSettings,
  now: number,
  limit: number,
): Promise<number> {
  const window = settings.LATE_FAILURE_WINDOW_MS;
  const count =
    (await purgeState(database, 'processed', window, settings, now, limit)) +
    (await purgeState(database, 'dead', DEAD_RETENTION_MS, settings, now, limit));
  await forgetProcessIds(database.db, limit);
  return count;
}

async function purgeState(
  { dialect, transact }: Pick<Database, 'dialect' | 'transact'>,
  state: 'processed' | 'dead',
  age: number,
  { HISTORY_DAYS }: PurgeSettings,
  now: number,
  limit: number,
): Promise<number> {
  let isKeeping = false;
  const work = async (tx: Db) => {
    const rows = await tx
      .selectFrom('deliveries')
      .select(['seq', 'state_at'])
      .where('held', '=', sql.lit(0))
      // Word for word the condition of the partial index, from which SQLite concludes that it applies.
      .where('state', 'in', [sql.lit<DeliveryState>('processed'), sql.lit<DeliveryState>('dead')])
      .where('state', '=', sql.lit(state))
      .where('state_at', '<=', now - age)
      .orderBy('state_at')
      .limit(limit)
      // A delivery to which a late failure is being written is left for the next time.
      .$if(dialect === 'postgres', (query) => query.forUpdate().skipLocked())
      .execute();
    if (rows.length === 0) return 0;
    const remembered = rows.filter(({ state_at: at }) => at > now - HISTORY_DAYS * DAY_MS);
    isKeeping = true;
    await keepHistory(tx, seqsOf(remembered), 'settled', now);
    isKeeping = false;
    return deleteAll(tx, seqsOf(rows));
  };
  try {
    return await transact(work, limit);
  } catch (error) {
    throw isKeeping ? new HistoryNotWritten(error) : error;
  }
}

const seqsOf = (rows: readonly { readonly seq: number }[]) => rows.map(({ seq }) => seq);

async function deleteAll(tx: Db, seqs: readonly number[]): Promise<number> {
  const result = await tx
    .deleteFrom('deliveries')
    .where(among(tx, 'seq', seqs))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
