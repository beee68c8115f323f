import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { dialectSpoken } from '../../database/dialect.js';
import { asJson, jsonRows } from '../lists.js';
import { type Db } from '../transitions.js';
import { fold } from './fold.js';

/** To the hour is enough to tell which reasons are not given any more. */
const USED_TO_MS = 3_600_000;

/** Stands for a text in an index; long enough that two never meet. */
export function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/**
 * Numbers of these reasons, by their texts; those that are new get one. Call it once in a transaction: reasons are locked
 * in one order, so that two transactions never wait for each other.
 */
export async function reasonNumbers(
  db: Db,
  reasons: Iterable<string>,
  now: number,
): Promise<Map<string, number>> {
  const byKey = new Map<string, string[]>();
  for (const reason of new Set(reasons)) {
    const key = keyOf(reason.toWellFormed());
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, [reason]);
    else same.push(reason);
  }
  if (byKey.size === 0) return new Map();
  const keys = [...byKey.keys()].sort();
  const rows = keys.map((key) => {
    const text = byKey.get(key)?.[0] ?? '';
    const folded = fold(text);
    return [key, keyOf(folded), text, folded];
  });
  await sql`insert into reasons (text_key, fold_key, text, folded, used_at)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, cast(${now} as bigint) from ${jsonRows(db, asJson(rows))}
    on conflict (text_key) do update set used_at = excluded.used_at
      where reasons.used_at < excluded.used_at - ${sql.lit(USED_TO_MS)}`.execute(db);
  const known = await db.selectFrom('reasons').select(['no', 'text_key']).where(keyed(db, keys)).execute();
  const numbers = new Map<string, number>();
  for (const { no, text_key: key } of known) {
    for (const reason of byKey.get(key) ?? []) numbers.set(reason, no);
  }
  return numbers;
}

function keyed(db: Db, keys: readonly string[]) {
  return dialectSpoken(db) === 'sqlite'
    ? sql<boolean>`text_key in (select value from json_each(${asJson(keys)}))`
    : sql<boolean>`text_key = any(${keys})`;
}
