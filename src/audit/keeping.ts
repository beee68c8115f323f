import { type Database } from '../database/database.js';
import { type Log } from '../logging/log.js';
import { type StoredEntry } from './entries.js';
import { factsOf } from './stored-audit-log.js';

/** More than so many are not kept, however young: no script that retries all day fills the database. */
const AUDIT_MAX_ENTRIES = 1_000_000;
const DAY_MS = 86_400_000;
/** Deleted, or told, in one go. */
const AT_ONCE = 1000;

/**
 * Deletes entries that are too old or too many, the oldest first, {@link AT_ONCE} at most. Resolves with how many.
 * @param days how long an entry is kept
 */
export async function purgeAudit(
  { db }: Pick<Database, 'db'>,
  days: number,
  now: number,
  max = AUDIT_MAX_ENTRIES,
): Promise<number> {
  // Numbers are given in order, and each counts one: no need to count a million rows.
  const newest = await db.selectFrom('audit').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
  if (newest === undefined) return 0;
  const result = await db
    .deleteFrom('audit')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('audit')
        .select('id')
        .where((where) =>
          where.or([where('at', '<', now - days * DAY_MS), where('id', '<=', newest.id - max)]),
        )
        .orderBy('at')
        .orderBy('id')
        .limit(AT_ONCE),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** Writes the log lines of what commands did: they have no log. Of several replicas, one writes each. */
export async function tellOfCommands({ db }: Pick<Database, 'db'>, log: Log): Promise<void> {
  const untold = await db
    .selectFrom('audit')
    .select('id')
    .where('told', '=', 0)
    .orderBy('id')
    .limit(AT_ONCE)
    .execute();
  if (untold.length === 0) return;
  const entries = await db
    .updateTable('audit')
    .set({ told: 1 })
    .where('told', '=', 0)
    .where(
      'id',
      'in',
      untold.map(({ id }) => id),
    )
    .returningAll()
    .execute();
  const inOrder = (one: StoredEntry, other: StoredEntry) => one.id - other.id;
  for (const entry of entries.sort(inOrder)) log.info({ event: 'audit.recorded', ...factsOf(entry) });
}
