import { expect, it } from '@jest/globals';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { type Database } from '../../src/database/database.js';
import { type DeliveryState, type Schema } from '../../src/database/schema.js';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { refusedByPortal } from '../../src/ledger/refused.js';
import { TROUBLED } from '../../src/ledger/trouble.js';
import { TRANSITIONS } from '../../src/ledger/transitions.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, reply, SETTINGS } from './bench.js';
import { type DatabaseKind, onEveryDatabase } from './databases.js';
import { openMigratedInMemory } from './template.js';
import { trace } from './trace.js';

/** What each verb asks most, and the index that is there for it. */
const VERBS: readonly [string, readonly string[], (bench: LedgerBench) => Promise<unknown>][] = [
  [
    'snapshot',
    [
      'deliveries_reserved',
      'deliveries_published',
      'deliveries_failed',
      'deliveries_waiting',
      'deliveries_marked',
      'deliveries_clearable',
    ],
    ({ ledger }) => ledger.snapshot(MEMBER),
  ],
  ['heldProcessIds', [], ({ ledger }) => ledger.heldProcessIds(MEMBER)],
  ['nextDueAt', ['deliveries_waiting'], ({ ledger }) => ledger.nextDueAt(MEMBER)],
  [
    'nextPublishable, reserved',
    ['deliveries_reserved'],
    ({ ledger }) => ledger.nextPublishable(MEMBER, 'reserved', 0, 500),
  ],
  [
    'nextPublishable, waiting',
    ['deliveries_waiting'],
    ({ ledger }) => ledger.nextPublishable(MEMBER, 'waiting', 0, 500),
  ],
  [
    'nextPublishableKeys, reserved',
    ['deliveries_reserved'],
    ({ ledger }) => ledger.nextPublishableKeys(MEMBER, 'reserved', 0, 500),
  ],
  [
    'nextPublishableKeys, waiting',
    ['deliveries_waiting'],
    ({ ledger }) => ledger.nextPublishableKeys(MEMBER, 'waiting', 0, 500),
  ],
  ['publishableNamed', [], ({ ledger }) => ledger.publishableNamed(MEMBER, [1, 2, 3])],
  ['refusedKeys', ['deliveries_refused'], ({ ledger }) => ledger.refusedKeys(MEMBER)],
  ['nextRefused', ['deliveries_refused'], ({ ledger }) => ledger.nextRefused(MEMBER, 'acme.k', 20)],
  ['countRefused', ['deliveries_refused'], ({ ledger }) => ledger.countRefused(MEMBER)],
  ['refusedPortals', ['deliveries_refused'], ({ ledger }) => ledger.refusedPortals()],
  [
    'recordRefused',
    [],
    ({ ledger }) => ledger.recordRefused([{ seq: 1, attempt: 1, refusals: 0, key: 'acme.k' }]),
  ],
  ['recordPublished', [], ({ ledger }) => ledger.recordPublished([{ seq: 1, attempt: 1 }])],
  ['recordDead', [], ({ ledger }) => ledger.recordDead([{ seq: 1, reason: 'r' }])],
  [
    'recordOutcomes',
    [],
    ({ ledger }) =>
      ledger.recordOutcomes([reply('failed', ['published', 'waiting']), reply('processed', 'reserved')]),
  ],
  ['settleSilent', ['deliveries_published'], ({ ledger }) => ledger.settleSilent(MEMBER)],
  ['releaseUnmarkable', ['deliveries_failed'], ({ ledger }) => ledger.releaseUnmarkable(MEMBER, false)],
  [
    'marked',
    ['deliveries_object'],
    ({ ledger }) => ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['failed'] }]),
  ],
  [
    'cleared',
    [],
    ({ ledger }) => ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p1', rowIds: ['1'] }]),
  ],
  [
    'held',
    [],
    ({ ledger }) => ledger.applyRound(MEMBER, [{ type: 'held', processId: 'p1', messageIds: ['failed'] }]),
  ],
  [
    'error_rows_complete',
    ['deliveries_marked'],
    ({ ledger }) => ledger.applyRound(MEMBER, [{ type: 'error_rows_complete', sentAt: 1 }]),
  ],
  ['reserved', ['deliveries_object'], (bench) => bench.reserve('p2', [event('m1')])],
  [
    'reserved, error rows',
    ['deliveries_object'],
    (bench) => bench.reserve('p3', [event('m1')], { errored: true }),
  ],
  ['duePortals', ['deliveries_reserved', 'deliveries_waiting'], ({ ledger }) => ledger.duePortals()],
  [
    'duePortals of a replica',
    ['deliveries_reserved', 'deliveries_waiting'],
    ({ ledger }) => ledger.duePortals('a'),
  ],
  ['refusedPortals of a replica', ['deliveries_refused'], ({ ledger }) => ledger.refusedPortals('a')],
  ['portalsToMark of a replica', ['deliveries_failed'], ({ ledger }) => ledger.portalsToMark(1, 'a')],
  ['purge', ['deliveries_purgeable'], ({ ledger }) => ledger.purge()],
];

/** The same for what people ask. */
const QUESTIONS: readonly [
  string,
  readonly string[],
  (admin: LedgerAdmin, database: Database) => Promise<unknown>,
][] = [
  [
    'latest',
    ['deliveries_trouble'],
    (admin) => admin.latest({ states: TROUBLED }, 50, { stateAt: 1, seq: 1 }),
  ],
  ['latest of one state', ['deliveries_trouble'], (admin) => admin.latest({ states: ['dead'] }, 50)],
  ['count', ['deliveries_trouble'], (admin) => admin.count({ states: TROUBLED, text: 'stock' })],
  ['reasons', ['deliveries_trouble'], (admin) => admin.reasons({ states: TROUBLED }, 100)],
  [
    'count of one reason',
    ['deliveries_trouble'],
    (admin) => admin.count({ states: TROUBLED, reason: 'out of stock' }),
  ],
  ['records', [], (admin) => admin.records([1, 2, 3])],
  [
    'lastOf',
    [],
    (admin) =>
      admin.lastOf([
        { memberId: MEMBER, rowId: '1', changedAt: CHANGED_AT },
        { memberId: MEMBER, rowId: '2', changedAt: CHANGED_AT },
      ]),
  ],
  ['refusedByPortal', ['deliveries_refused'], (_, { db }) => refusedByPortal(db)],
  ['troubleByPortal', ['deliveries_trouble'], (admin) => admin.troubleByPortal()],
  [
    'inFlightByPortal',
    ['deliveries_reserved', 'deliveries_published', 'deliveries_failed', 'deliveries_waiting'],
    (admin) => admin.inFlightByPortal(),
  ],
];

onEveryDatabase('no verb reads the whole ledger', (open, kind) => {
  it.each(VERBS)('%s', async (_verb, indexes, run) => {
    const bench = new LedgerBench(open);
    for (const state of Object.keys(TRANSITIONS) as DeliveryState[])
      await bench.put({ message: state, state });

    const [traced, queries] = trace(open());
    await run(new LedgerBench(() => traced));
    await expectIndexes(queries, indexes, open(), kind);
  });

  it.each(QUESTIONS)('%s', async (_question, indexes, ask) => {
    const bench = new LedgerBench(open);
    for (const state of Object.keys(TRANSITIONS) as DeliveryState[])
      await bench.put({ message: state, state });

    const [traced, queries] = trace(open());
    await ask(new LedgerAdmin(traced, SETTINGS), traced);
    await expectIndexes(queries, indexes, open(), kind);
  });
});

async function expectIndexes(
  queries: readonly CompiledQuery[],
  indexes: readonly string[],
  database: Database,
  kind: DatabaseKind,
): Promise<void> {
  expect(queries.length).toBeGreaterThan(0);
  const plans = await explain(queries, database, kind);
  expect(plans.filter((line) => /\bSCAN deliveries\b(?! USING)|Seq Scan on deliveries/.test(line))).toEqual(
    [],
  );
  for (const index of indexes) expect(plans.join('\n')).toMatch(new RegExp(`\\b${index}\\b`));
}

async function explain(
  queries: readonly CompiledQuery[],
  { db }: Database,
  kind: DatabaseKind,
): Promise<string[]> {
  const explained = queries.filter(({ sql: text }) => /\bdeliveries\b/.test(text) && !/^insert/.test(text));
  const plans: string[] = [];
  const run = async (connection: Kysely<Schema>, prefix: string, column: string) => {
    for (const query of explained) {
      const { rows } = await connection.executeQuery<Record<string, string>>(
        CompiledQuery.raw(`${prefix} ${query.sql}`, [...query.parameters]),
      );
      plans.push(...rows.map((row) => row[column] ?? ''));
    }
  };
  if (kind.embedded) {
    // An explained write stays open and would keep its connection from ever committing again.
    const elsewhere = await openMigratedInMemory();
    await run(elsewhere.db, 'explain query plan', 'detail');
    await elsewhere.db.destroy();
  } else {
    await db.connection().execute(async (connection) => {
      // A few rows are read fastest by reading them all: ask how it would be without that way.
      await sql`set enable_seqscan = off`.execute(connection);
      await run(connection, 'explain', 'QUERY PLAN');
      await sql`reset enable_seqscan`.execute(connection);
    });
  }
  return plans;
}
