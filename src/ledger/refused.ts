import { sql } from 'kysely';
import { dialectSpoken } from '../database/dialect.js';
import { asJson } from './lists.js';
import { type Publishable, PUBLISHABLE_COLUMNS, publishableOf } from './publishable.js';
import { latestSaneDueAt, refusalDueAt, type RetryPolicy } from './retry-timing.js';
import { type Db, move, touched } from './transitions.js';
import { deliveriesOf, type PortalsOf, portalsWhere } from './due-portals.js';

/** Stands for a routing key where it is the dead letter of a delivery that is refused. */
export const DEAD_LETTER_KEY = '';

/** A delivery that the broker has just refused. */
export interface Refusal extends Pick<Publishable, 'seq' | 'attempt' | 'refusals'> {
  /** Its routing key, or {@link DEAD_LETTER_KEY}. */
  readonly key: string;
}

/** Deliveries of one portal that are refused under one routing key. */
export interface RefusedKey {
  readonly key: string;
  /** When the first of them is to be tried again, Unix ms. */
  readonly dueAt: number;
}

/**
 * Records that the broker answered with a nack: each of them steps aside until its next try. Its attempt does not count
 * on. Returns how many were still waiting for an answer.
 */
export async function recordRefused(
  db: Db,
  refusals: readonly Refusal[],
  policy: RetryPolicy,
  now: number,
): Promise<number> {
  const list = asJson(
    refusals.map(({ seq, attempt, refusals: before, key }) => [
      seq,
      attempt,
      before + 1,
      refusalDueAt(now, before + 1, seq, policy),
      key,
    ]),
  );
  const rows =
    dialectSpoken(db) === 'sqlite'
      ? sql`json_each(${list})`
      : sql`json_array_elements(cast(${list} as json)) as rows (value)`;
  const refused = sql<{
    seq: number;
    attempt: number;
    refusals: number;
    due_at: number;
    key: string;
  }>`(select cast(value ->> 0 as bigint) as seq, cast(value ->> 1 as bigint) as attempt,
      cast(value ->> 2 as integer) as refusals, cast(value ->> 3 as bigint) as due_at, value ->> 4 as key from ${rows})`;
  const result = await move(db, ['reserved', 'waiting', 'refused'], 'refused', now)
    .from(refused.as('refused'))
    .set((eb) => ({
      refusals: eb.ref('refused.refusals'),
      due_at: eb.ref('refused.due_at'),
      refused_key: eb.ref('refused.key'),
    }))
    .whereRef('deliveries.seq', '=', 'refused.seq')
    // The attempt guards against a reply that overtook the answer and has moved the delivery on.
    .whereRef('deliveries.attempt', '=', 'refused.attempt')
    .executeTakeFirst();
  return touched(result);
}

/** Under which keys deliveries of a portal are refused: two index lookups for each, however many there are. */
export async function refusedKeys(
  db: Db,
  memberId: string,
  policy: RetryPolicy,
  now: number,
): Promise<RefusedKey[]> {
  const ofPortal = sql`member_id = ${memberId} and state = 'refused'`;
  const { rows } = await sql<{ key: string; due_at: number | null }>`with recursive keys (key) as (
      select min(refused_key) from deliveries where ${ofPortal}
      union all
      select (select min(refused_key) from deliveries where ${ofPortal} and refused_key > keys.key)
      from keys where keys.key is not null
    )
    select key, (select min(due_at) from deliveries where ${ofPortal} and refused_key = keys.key) as due_at
    from keys where key is not null`.execute(db);
  const saneDue = latestSaneDueAt(now, policy);
  return rows.map(({ key, due_at: dueAt }) => ({
    key,
    dueAt: dueAt === null || dueAt > saneDue ? now : dueAt,
  }));
}

/** Those of one key that are to be tried now, the one that has waited longest first. */
export async function nextRefused(
  db: Db,
  memberId: string,
  key: string,
  limit: number,
  policy: RetryPolicy,
  now: number,
): Promise<Publishable[]> {
  const ofKey = db
    .selectFrom('deliveries')
    .select(PUBLISHABLE_COLUMNS)
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('refused'))
    .where('refused_key', '=', key)
    .orderBy('due_at')
    .limit(limit);
  const due = await ofKey.where('due_at', '<=', now).execute();
  if (due.length > 0) return due.map(publishableOf);
  // Beyond any time that can be meant, it was written before the clock was set back.
  const early = await ofKey.where('due_at', '>', latestSaneDueAt(now, policy)).execute();
  return early.map(publishableOf);
}

/** How many deliveries of a portal are refused at present. */
export async function countRefused(db: Db, memberId: string): Promise<number> {
  const row = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('refused'))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** Portals of which deliveries are refused. */
export function refusedPortals(db: Db, owner: PortalsOf): Promise<string[]> {
  return portalsWhere(db, owner, (eb) =>
    eb.exists(deliveriesOf(eb).where('deliveries.state', '=', sql.lit('refused'))),
  );
}

/** What is refused of one portal, for people. */
export interface RefusedCount {
  readonly key: string;
  readonly count: number;
}

/** How many deliveries are refused under which keys, by member id; reads one entry of an index for each of them. */
export async function refusedByPortal(db: Db): Promise<Map<string, RefusedCount[]>> {
  const rows = await db
    .selectFrom('deliveries')
    .select((eb) => ['member_id', 'refused_key', eb.fn.countAll().as('count')])
    .where('state', '=', sql.lit('refused'))
    .groupBy(['member_id', 'refused_key'])
    .orderBy('member_id')
    .orderBy('refused_key')
    .execute();
  const byPortal = new Map<string, RefusedCount[]>();
  for (const { member_id: memberId, refused_key: key, count } of rows) {
    const list = byPortal.get(memberId);
    const entry = { key: key ?? DEAD_LETTER_KEY, count: Number(count) };
    if (list === undefined) byPortal.set(memberId, [entry]);
    else list.push(entry);
  }
  return byPortal;
}
