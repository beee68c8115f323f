import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledQuery, sql } from 'kysely';
import { type Database } from '../../src/database/database.js';
import { type EventPage, type EventQuery } from '../../src/events/search/event-query.js';
import { EventSearch } from '../../src/events/search/event-search.js';
import { fold } from '../../src/ledger/history/fold.js';
import { keyOf } from '../../src/ledger/history/reasons.js';
import { LedgerSearch } from '../../src/ledger/search/ledger-search.js';
import { TROUBLED } from '../../src/ledger/trouble.js';
import { type Portal } from '../../src/portals/portal-record.js';
import { CHANGED_AT, MEMBER } from './bench.js';
import { DATABASE_KINDS, type DatabaseKind, onEveryDatabase } from './databases.js';
import { trace } from './trace.js';

const ROWS = 3000;
const PORTALS = 5;
const memberOf = (number: number) => `${MEMBER.slice(0, -1)}${number}`;
const portals = Array.from({ length: PORTALS }, (_, index) => ({
  memberId: memberOf(index + 1),
  name: `portal${index + 1}`,
  domain: `portal${index + 1}.bitrix24.com`,
})) as Portal[];

/** What people ask, and the indexes that are there for it. */
const QUESTIONS: readonly [string, EventQuery, readonly string[], Partial<EventPage>?][] = [
  ['the latest', {}, ['deliveries_changed', 'history_changed']],
  ['an object', { object: 'deal 17' }, ['deliveries_by_object', 'history_by_object']],
  ['an object by any words', { text: 'deal 17' }, ['deliveries_by_object', 'history_by_object']],
  ['an object of a portal', { text: 'portal1 deal 16' }, ['deliveries_by_object', 'history_by_object']],
  ['a number', { text: '17' }, ['deliveries_by_object', 'history_by_object']],
  ['an id', { id: `${memberOf(1)}-16-${CHANGED_AT + 16}` }, ['deliveries_changed', 'history_changed']],
  ['a reason', { reason: 'CUSTOMER 4 IS UNKNOWN' }, ['deliveries_by_reason', 'history_by_reason']],
  ['a part of a reason', { text: 'customer 4 is' }, ['deliveries_by_reason', 'history_by_reason']],
  ['a process id', { text: 'process-11' }, ['history_by_batch', 'event_log_process']],
  ['a code', { codes: ['ONCRMDEALUPDATE'] }, ['deliveries_changed', 'history_changed']],
  ['a state of few events', { states: ['discarded'] }, ['deliveries_discarded', 'history_by_outcome']],
  ['a state', { states: ['processed', 'dead'] }, ['deliveries_changed', 'history_changed']],
  [
    'a time',
    { from: (CHANGED_AT + 100) * 1000, to: (CHANGED_AT + 120) * 1000 },
    ['deliveries_changed', 'history_changed'],
  ],
  ['trouble, the latest first', { states: TROUBLED }, ['deliveries_trouble'], { sort: 'latest' }],
];

const guarantee = 'no search reads all that there is';
onEveryDatabase(guarantee, asked, DATABASE_KINDS, ({ embedded }) => embedded);

function asked(open: () => Database, kind: DatabaseKind): void {
  if (kind.embedded) {
    // Nothing but the events of one portal more is written after that.
    beforeAll(() => fill(open(), kind));
    afterEach(() => removePortal(open()));
  } else {
    // Written again and again, the tables become so large that PostgreSQL reads none of them as a whole.
    beforeEach(() => fill(open(), kind));
  }

  it.each(QUESTIONS)('%s', async (_question, query, indexes, page = {}) => {
    const [traced, queries] = trace(open());
    const search = new EventSearch(new LedgerSearch(traced), {
      list: () => portals,
      nameOf: (memberId) => memberId,
    });
    const first = await search.find(query, { limit: 5, ...page });
    expect(first.events.length).toBeGreaterThan(0);
    if (first.next !== null) await search.find(query, { limit: 5, ...page, cursor: first.next });
    // Nor is each of many looked for by itself.
    expect(queries.length).toBeLessThan(25);
    expectIndexes(await explain(queries, open(), kind), indexes);
  });

  it.each<[string, number, number, EventQuery, readonly string[]]>([
    ['few events', 40, 20, {}, ['deliveries_object|deliveries_identity', 'history_by_batch']],
    ['many events', 6000, 2500, {}, ['deliveries_changed', 'history_changed']],
    [
      'many events at a time',
      6000,
      2500,
      { from: (CHANGED_AT + 100) * 1000 },
      ['deliveries_changed', 'history_changed'],
    ],
  ])('a portal of %s', async (_events, history, deliveries, query, indexes) => {
    await fillPortal(open(), kind, history, deliveries);
    const [traced, queries] = trace(open());
    const search = new EventSearch(new LedgerSearch(traced), { list: () => [], nameOf: () => '' });
    const { next } = await search.find({ portals: [memberOf(9)], ...query }, { limit: 5 });
    expect(next).not.toBeNull();
    expectIndexes(await explain(queries, open(), kind), indexes);
  });

  it('the time line of an event', async () => {
    const [traced, queries] = trace(open());
    const search = new EventSearch(new LedgerSearch(traced), {
      list: () => portals,
      nameOf: (memberId) => memberId,
    });
    expect(await search.timeline(`${memberOf(1)}-16-${CHANGED_AT + 16}`)).not.toBeNull();
    expectIndexes(await explain(queries, open(), kind), ['event_log_row']);
  });
}

function expectIndexes(plan: string, indexes: readonly string[]): void {
  const tables = '(deliveries|history|event_log)';
  // The count of a portal's own goes no further than it needs to.
  const whole = new RegExp(`\\bSCAN ${tables}\\b(?! USING)|Seq Scan on ${tables}\\b(?! own)`);
  expect(plan.split('\n').filter((line) => whole.test(line))).toEqual([]);
  for (const index of indexes) expect(plan).toMatch(new RegExp(`\\b(${index})\\b`));
}

async function explain(
  queries: readonly CompiledQuery[],
  { db }: Database,
  kind: DatabaseKind,
): Promise<string> {
  const lines: string[] = [];
  const prefix = kind.embedded ? 'explain query plan' : 'explain';
  for (const query of queries) {
    const { rows } = await db.executeQuery<Record<string, string>>(
      CompiledQuery.raw(`${prefix} ${query.sql}`, [...query.parameters]),
    );
    lines.push(...rows.map((row) => row[kind.embedded ? 'detail' : 'QUERY PLAN'] ?? ''));
  }
  return lines.join('\n');
}

/** So much that to read all of it is not the fastest way. */
async function fill({ db }: Database, kind: DatabaseKind): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(db);
  const numbers = (last: number) =>
    `with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < ${last})`;
  const stem = MEMBER.slice(0, -1);
  const states = ['reserved', 'published', 'processed', 'processed', 'waiting', 'failed', 'dead', 'marked'];
  const state = `case i % ${states.length} ${states.map((one, at) => `when ${at} then '${one}'`).join(' ')} end`;
  const changedAt = `${CHANGED_AT} + i % 1000`;
  const reasonNo = 'case when i % 7 = 0 then i % 50 + 1 end';
  await run(`insert into portal_numbers (no, member_id) ${numbers(PORTALS)}
    select i, '${stem}' || i from numbers where true on conflict do nothing`);
  await run(`insert into event_codes (no, code)
    values (1, 'ONCRMDEALADD'), (2, 'ONCRMDEALUPDATE'), (3, 'ONCRMLEADADD') on conflict do nothing`);
  await run(`insert into history_batches (no, process_id, portal_no) ${numbers(150)}
    select i, 'process-' || i, i % ${PORTALS} + 1 from numbers where true on conflict do nothing`);
  for (let no = 1; no <= 50; no += 1) {
    const text = `customer ${no} is unknown`;
    await db
      .insertInto('reasons')
      .values({
        no,
        text_key: keyOf(text),
        fold_key: keyOf(fold(text)),
        text,
        folded: fold(text),
        used_at: 0,
      })
      .execute();
  }
  await run(`insert into history (seq, portal_no, code_no, batch_no, object_id, row_id, changed_at, reserved_at,
      published_at, settled_at, outcome, attempts, reason_no) ${numbers(ROWS)}
    select i, i / 20 % ${PORTALS} + 1, i % 3 + 1, i / 20, cast(i % 1000 as text), cast(i as text), ${changedAt}, 1, 1, 1,
      case when i % 600 = 0 then 3 when i % 3 = 0 then 4 else i % 3 end, 1, ${reasonNo} from numbers`);
  await run(`insert into deliveries (seq, member_id, process_id, message_id, row_id, changed_at, event, payload, state,
      state_at, held, errored, attempt, attempts_before, object_id, reason_no, reserved_at) ${numbers(ROWS)}
    select ${ROWS} + i, '${stem}' || (i / 20 % ${PORTALS} + 1), 'present-' || (i / 20), 'm' || i, cast(i as text), ${changedAt},
      'ONCRMDEALUPDATE', '{}', ${state}, ${changedAt}, 1, 0, 1, 0, cast(i % 1000 as text), ${reasonNo}, 1 from numbers`);
  await run(`insert into event_log (member_id, row_id, changed_at, process_id, what, at, attempt) ${numbers(ROWS)}
    select '${stem}' || (i / 20 % ${PORTALS} + 1), cast(i as text), ${changedAt}, 'process-' || (i / 20), 'failed', 1, 1
    from numbers`);
  // SQLite plans without statistics.
  if (!kind.embedded) await run('analyze');
}

const OWN_HISTORY = 10_000;
const OWN_DELIVERIES = 20_000;

/** Events of one portal more. */
async function fillPortal(
  { db }: Database,
  kind: DatabaseKind,
  history: number,
  deliveries: number,
): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(db);
  const numbers = (last: number) =>
    `with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < ${last})`;
  await run(`insert into portal_numbers (no, member_id) values (9, '${memberOf(9)}') on conflict do nothing`);
  await run(
    `insert into history_batches (no, process_id, portal_no) values (900, 'own', 9) on conflict do nothing`,
  );
  await run(`insert into history (seq, portal_no, code_no, batch_no, row_id, changed_at, reserved_at, settled_at, outcome,
      attempts) ${numbers(history)}
    select ${OWN_HISTORY} + i, 9, 1, 900, 'r' || i, ${CHANGED_AT} + i + 100, 1, 1, 1, 1 from numbers`);
  await run(`insert into deliveries (seq, member_id, process_id, message_id, row_id, changed_at, event, payload, state,
      state_at, held, errored, attempt, attempts_before, reserved_at) ${numbers(deliveries)}
    select ${OWN_DELIVERIES} + i, '${memberOf(9)}', 'own', 'm' || i, 'r' || i, ${CHANGED_AT} + i + 100, 'ONCRMDEALUPDATE', '{}',
      'processed', 1, 1, 0, 1, 0, 1 from numbers`);
  if (!kind.embedded) await run('analyze');
}

/** Takes them away again, where there are any. */
async function removePortal({ db }: Database): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('history')
    .where('seq', '>', OWN_HISTORY)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return;
  await db.deleteFrom('deliveries').where('seq', '>', OWN_DELIVERIES).execute();
}
