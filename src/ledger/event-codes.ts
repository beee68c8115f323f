import { sql } from 'kysely';
import { asJson, jsonRows } from './lists.js';
import { type Db } from './transitions.js';

/** Portals have a few dozen; beyond it the memory starts anew. */
const REMEMBERED = 2_000;
/** By database: what was written. Where its transaction failed, it is written when the event becomes history. */
const written = new WeakMap<object, Set<string>>();

/** Remembers codes of events, so that a search for a part of one needs to look at no event. */
export async function rememberCodes(db: Db, events: readonly { readonly event: string }[]): Promise<void> {
  const database = db.getExecutor().adapter;
  const known = written.get(database) ?? new Set<string>();
  written.set(database, known);
  const fresh = new Set<string>();
  for (const { event } of events) if (!known.has(event)) fresh.add(event);
  if (fresh.size === 0) return;
  const rows = [...fresh].sort().map((code) => [code]);
  await sql`insert into event_codes (code) select value ->> 0 from ${jsonRows(db, asJson(rows))}
    on conflict (code) do nothing`.execute(db);
  if (known.size > REMEMBERED) known.clear();
  for (const code of fresh) known.add(code);
}
