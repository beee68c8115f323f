import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { EventSearch } from '../../src/events/search/event-search.js';
import { LedgerSearch } from '../../src/ledger/search/ledger-search.js';
import { type Portal } from '../../src/portals/portal-record.js';
import { type Figure, type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { Cleanup } from '../support/cleanup.js';
import { type DatabaseCpu } from '../support/database-cpu.js';
import { EventLives } from '../support/event-lives.js';
import { fillHistory, fillLedger, memberOf, sizeOf } from '../support/past.js';
import { Portals, UNLIMITED } from '../support/portals.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { LOOKS, type SearchTimes, searchTimes } from '../support/searches.js';
import { Service } from '../support/service.js';
import { median } from '../support/statistics.js';
import { until } from '../support/until.js';
import { usageOf } from '../support/usage.js';

const PORTALS = 300;
const REASONS = 5000;
const PIPED_PORTALS = 20;
const DAYS = 7;

interface Past {
  readonly name: string;
  readonly growth: number;
  readonly times: readonly SearchTimes[];
  readonly lives: readonly { readonly without: DatabaseCpu; readonly with: DatabaseCpu }[];
}

/** A past in one database: how it grows, how it is searched, what it costs to go on with it. */
async function pastIn(
  name: string,
  url: string,
  { quick, say }: RunContext,
  keep: (database: Database) => Promise<void> = () => Promise.resolve(),
): Promise<Past> {
  const events = quick ? 100_000 : 1_000_000;
  const members = Array.from({ length: PORTALS }, (_, at) => memberOf(at + 1));
  const past = { events, portals: members, reasons: REASONS, until: Date.now() };
  const database = openDatabase(url);
  try {
    await migrate(database);
    say(`${name}: ${events} events of the past`);
    const before = await sizeOf(database);
    await fillHistory(database, past);
    const growth = (((await sizeOf(database)) - before) / events) * 1e6;
    await keep(database);
    await fillLedger(database, past, events / 10);
    say(`${name}: searches`);
    const portals = members.map(
      (memberId, at) =>
        ({ memberId, name: `portal${at + 1}`, domain: `portal${at + 1}.bitrix24.com` }) as Portal,
    );
    const search = new EventSearch(new LedgerSearch(database), {
      list: () => portals,
      nameOf: (memberId) => memberId,
    });
    const times = await searchTimes(database, search, { ...past, portals: PORTALS });
    say(`${name}: lives of events`);
    const lived = new EventLives(database, PORTALS, events);
    const each = quick ? 10_000 : 50_000;
    // The first one warms both up, and purges the last hour's deliveries.
    await lived.run(DAYS, each / 5);
    const lives: Past['lives'][number][] = [];
    for (let turn = 0; turn < (quick ? 3 : 5); turn += 1)
      lives.push({ without: await lived.run(0, each), with: await lived.run(DAYS, each) });
    return { name, growth, times, lives };
  } finally {
    await database.db.destroy();
  }
}

/** CPU time of the service for one event, from its start until every record is gone, µs. */
async function pipe(context: RunContext, days: number, file: string | null): Promise<number> {
  const cleanup = new Cleanup();
  context.cleanup.defer('clean up after a round', () => cleanup.run());
  try {
    const each = (context.quick ? 10_000 : 50_000) / PIPED_PORTALS;
    const portals = await Portals.start(cleanup);
    const all = await portals.addMany(PIPED_PORTALS, UNLIMITED);
    await portals.changeAll(all, each);
    const path = join(cleanup.folder(), 'bridge.db');
    if (file !== null) copyFileSync(file, path);
    const broker = await Broker.open(cleanup);
    const service = await Service.start(cleanup, {
      ...broker.settings,
      ...portals.settings,
      DATABASE_URL: await portals.installInto(all, `file:${path}`),
      B24_RATE_PER_SECOND: '10000',
      B24_RATE_BURST: '100000',
      SETTLE_AFTER_MS: '1000',
      LATE_FAILURE_WINDOW_MS: '1000',
      HISTORY_DAYS: String(days),
      HISTORY_MAX_EVENTS: String(context.quick ? 100_000 : 1_000_000),
    });
    const started = usageOf(service.pid).cpuSeconds;
    const database = openDatabase(`file:${path}`);
    cleanup.defer('close a database', () => database.db.destroy());
    const total = each * PIPED_PORTALS;
    await until('every event on the queue', async () => (await broker.depth(broker.queue)) >= total, {
      everyMs: 500,
    });
    await until('no record left', async () => (await portals.rowsLeft()) === 0 && (await isEmpty(database)), {
      everyMs: 500,
    });
    // The job that forgets as much as was remembered runs twice a minute, of both.
    const ended = usageOf(service.pid).cpuSeconds;
    await service.stop();
    return ((ended - started) / total) * 1e6;
  } finally {
    await cleanup.run();
  }
}

async function isEmpty({ db }: Database): Promise<boolean> {
  const { rows } = await sql<{ some: number }>`select exists (select 1 from deliveries) as some`.execute(db);
  return rows[0]?.some === 0;
}

async function run(context: RunContext): Promise<Measurement> {
  const { cleanup, quick, say } = context;
  const folder = cleanup.folder();
  const filled = join(folder, 'filled.db');
  const pasts = [
    await pastIn('SQLite', `file:${join(folder, 'bridge.db')}`, context, async ({ db }) => {
      await sql`vacuum into ${filled}`.execute(db);
    }),
    await pastIn('PostgreSQL', await createPostgresDatabase(cleanup), context),
  ];
  const rounds: { without: number; with: number }[] = [];
  for (let turn = 0; turn < (quick ? 1 : 3); turn += 1) {
    say(`the pipe without history and with it, ${turn + 1}`);
    rounds.push({ without: await pipe(context, 0, null), with: await pipe(context, DAYS, filled) });
  }
  return {
    ratios: [
      {
        name: 'CPU time per event of the pipe, HISTORY_DAYS 7 ÷ 0',
        value: median(rounds.map((round) => round.with / round.without)),
        unit: '×',
      },
    ],
    figures: [
      { name: 'pipe, HISTORY_DAYS=0', value: median(rounds.map((one) => one.without)), unit: 'µs/event' },
      { name: 'pipe, HISTORY_DAYS=7', value: median(rounds.map((one) => one.with)), unit: 'µs/event' },
      ...pasts.flatMap((past) => figuresOf(past)),
    ],
    checks: pasts.map(({ name, times }) => ({
      name: `${name}: what there is was found`,
      ok: times.every(({ what, found }) => found > 0 || isNowhere(what)),
      found: `nothing for ${times.flatMap(({ what, found }) => (found === 0 && !isNowhere(what) ? [what] : [])).join(', ') || 'none'}`,
    })),
  };
}

/** Kinds of search that look for what is not there, or not beyond the middle of the past. */
function isNowhere(what: string): boolean {
  return /that none has|nowhere|code and state|deep page|within/.test(what);
}

function figuresOf({ name, growth, times, lives }: Past): Figure[] {
  const life = (kind: 'without' | 'with', where: keyof DatabaseCpu) =>
    median(lives.map((one) => one[kind][where]));
  const more = (where: keyof DatabaseCpu) => median(lives.map((one) => one.with[where] - one.without[where]));
  const server = life('without', 'server') > 0;
  return [
    { name: `${name}: growth by a million events`, value: growth / 1e6, unit: 'MB' },
    {
      name: `${name}: the ledger alone, HISTORY_DAYS=0`,
      value: life('without', 'process'),
      unit: 'µs/event',
    },
    { name: `${name}: the ledger alone, history adds`, value: more('process'), unit: 'µs/event' },
    ...(server
      ? [
          { name: `${name}: its server, HISTORY_DAYS=0`, value: life('without', 'server'), unit: 'µs/event' },
          { name: `${name}: its server, history adds`, value: more('server'), unit: 'µs/event' },
        ]
      : []),
    {
      name: `${name}: slowest kind of search, CPU`,
      value: Math.max(...times.map(({ cpu }) => cpu)),
      unit: 'ms',
    },
    ...times.flatMap(({ what, p50, p95, cpu }) => [
      { name: `${name}: ${what}: CPU`, value: cpu, unit: 'ms' },
      { name: `${name}: ${what}: p50`, value: p50, unit: 'ms' },
      { name: `${name}: ${what}: p95`, value: p95, unit: 'ms' },
    ]),
  ];
}

export const history: Scenario = {
  name: 'history',
  title: 'what it costs to remember what became of events, and to find them again',
  method: [
    `A history of a million events (a tenth with --quick) of ${PORTALS} portals is made up in both databases, over a week, one ` +
      `event in a hundred with one of ${REASONS} reasons, a failed attempt and its steps. The growth is what the database has ` +
      'grown by. Beside it the ledger has the records of a tenth as many events of the last hour.',
    `Each kind of search is asked ${LOOKS} times for different things, the first page of 50 events and one that begins in ` +
      'the middle of the past. p50 and p95 are of the time elapsed, which other work on the machine adds to; what is promised ' +
      'is judged by the CPU time of this process and of the database server together, the mean of all looks.',
    'The pipe: the service from its start until 50,000 events of 20 portals without limits are published, settled, cleared ' +
      'and purged, on SQLite, in turn without history on a fresh database and with it on the million events above; CPU time ' +
      'of the process, the median of the quotients of neighbouring rounds.',
    'The ledger alone, in this process: events are reserved, published, settled, cleared and purged in batches of 500, ' +
      'without history and with it in turn; with it, as many events are forgotten as are remembered. CPU time of this process ' +
      'and, where it runs on this machine, of the database server. Medians.',
  ],
  targets: [
    { figure: 'CPU time per event of the pipe, HISTORY_DAYS 7 ÷ 0', atMost: 1.05, onlyInFull: true },
    { figure: 'SQLite: slowest kind of search, CPU', atMost: 100 },
    { figure: 'PostgreSQL: slowest kind of search, CPU', atMost: 100 },
  ],
  maxRuns: 1,
  run,
};
