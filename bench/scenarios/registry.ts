import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { type Figure, type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { createPostgresDatabase } from '../support/postgres.js';
import {
  addPaperReplicas,
  askedOf,
  BackendsWatch,
  ownedByProcesses,
  registerPortals,
} from '../support/registered.js';
import { Service } from '../support/service.js';
import { median } from '../support/statistics.js';
import { pause, until } from '../support/until.js';
import { UsageWatch } from '../support/usage.js';

const SIZES = [1000, 10_000, 50_000];
const QUICK_SIZES = [300, 3000];
const REPLICAS = 3;
/** Portals of one replica, however many there are: others, on paper, have the rest. */
const OWNED = 300;
const QUICK_OWNED = 100;
const LEASE_MS = 15_000;
const SETTLE_MS = 15_000;
const REST_SECONDS = 40;
const QUICK_REST_SECONDS = 6;
const PAGES = 5;
/** A page is drawn from what was read a second ago at most. */
const PAGE_EVERY_MS = 1500;
const WATCHED_SECONDS = 15;
const PROXY_HEADER = 'X-Forwarded-User';
const WITHIN_MS = 300_000;

interface Running {
  readonly services: readonly Service[];
  readonly database: Database;
  readonly startSeconds: number;
  readonly owned: number;
}

/** What one replica costs; the mean of all of them. */
interface Rest {
  readonly cpuPercent: number;
  readonly rssMb: number;
  readonly transactions: number;
  readonly rows: number;
  readonly serverCpuPercent: number;
}

/** A registry of so many portals, and three replicas that have their share of it. */
async function start({ cleanup, say }: RunContext, portals: number, paperReplicas: number): Promise<Running> {
  const url = await createPostgresDatabase(cleanup);
  const database = openDatabase(url);
  cleanup.defer('close the connection', () => database.db.destroy());
  await migrate(database);
  await registerPortals(database, portals);
  const share = Math.floor(portals / (paperReplicas + REPLICAS));
  await addPaperReplicas(database, paperReplicas, paperReplicas === 0 ? 0 : share * REPLICAS);
  const left = paperReplicas === 0 ? portals : share * REPLICAS;
  const broker = await Broker.open(cleanup);
  const startedAt = performance.now();
  const services = await Promise.all(
    Array.from({ length: REPLICAS }, () =>
      Service.start(cleanup, {
        ...broker.settings,
        B24_CLIENT_ID: 'local.registry',
        B24_CLIENT_SECRET: 'of a bench',
        DATABASE_URL: url,
        LEASE_MS: String(LEASE_MS),
        PORTAL_RECHECK_MS: '86400000',
        HTTP_TRUSTED_PROXIES: '127.0.0.1',
        DASHBOARD_PROXY_HEADER: PROXY_HEADER,
      }),
    ),
  );
  // Replicas on paper give nothing away: beside them one process may have taken a few that were another's share.
  const uneven = paperReplicas === 0 ? 1 : REPLICAS;
  await until(
    'every portal to be owned, in equal shares',
    async () => {
      const owned = [...(await ownedByProcesses(database)).values()];
      const sum = owned.reduce((total, each) => total + each, 0);
      return sum === left && owned.length === REPLICAS && Math.max(...owned) - Math.min(...owned) <= uneven;
    },
    { timeoutMs: WITHIN_MS, everyMs: 200 },
  );
  const startSeconds = (performance.now() - startedAt) / 1000;
  say(`${portals} portals, ${left / REPLICAS} for each replica: started in ${startSeconds.toFixed(1)} s`);
  return { services, database, startSeconds, owned: left / REPLICAS };
}

async function rest({ services, database }: Running, seconds: number): Promise<Rest> {
  await pause(SETTLE_MS);
  const before = await askedOf(database);
  const server = new BackendsWatch(database);
  const watches = services.map(({ pid }) => new UsageWatch(pid));
  await pause(seconds * 1000);
  for (const watch of watches) watch.stop();
  const serverSeconds = await server.stop();
  const after = await askedOf(database);
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const each = (from: number, to: number) => (to - from) / seconds / REPLICAS;
  return {
    cpuPercent: mean(watches.map(({ cpuPercent }) => cpuPercent)),
    rssMb: mean(watches.map(({ medianRssMb }) => medianRssMb)),
    transactions: each(before.transactions, after.transactions),
    rows: each(before.rows, after.rows),
    serverCpuPercent: each(0, serverSeconds) * 100,
  };
}

interface Shown {
  readonly firstMs: number;
  readonly nextMs: number;
  readonly kilobytes: number;
  readonly watchedCpuPercent: number;
}

async function dashboard({ services }: Running, quick: boolean): Promise<Shown> {
  const service = services[0] as Service;
  const headers = { [PROXY_HEADER]: 'somebody' };
  const times: number[] = [];
  let bytes = 0;
  for (let page = 0; page < 1 + PAGES; page += 1) {
    const startedAt = performance.now();
    const response = await fetch(`${service.address}/`, { headers });
    const text = await response.text();
    times.push(performance.now() - startedAt);
    if (!response.ok || !text.includes('portal-'))
      throw new Error(`${response.status} ${text.slice(0, 500)}`);
    bytes = text.length;
    await pause(PAGE_EVERY_MS);
  }
  const watching = new AbortController();
  const stream = await fetch(`${service.address}/live`, { headers, signal: watching.signal });
  if (!stream.ok) throw new Error(`/live: ${stream.status}`);
  const watch = new UsageWatch(service.pid);
  await pause((quick ? QUICK_REST_SECONDS : WATCHED_SECONDS) * 1000);
  watch.stop();
  watching.abort();
  const [firstMs = Number.NaN, ...next] = times;
  return { firstMs, nextMs: median(next), kilobytes: bytes / 1000, watchedCpuPercent: watch.cpuPercent };
}

/** Seconds from the end of a replica until the others have its portals. */
async function failOver({ services, database }: Running, portals: number): Promise<number> {
  const before = [...(await ownedByProcesses(database)).keys()];
  const killedAt = performance.now();
  await (services[REPLICAS - 1] as Service).kill();
  await until(
    'the others to own every portal',
    async () => {
      const owned = [...(await ownedByProcesses(database)).values()];
      return owned.length === before.length - 1 && owned.reduce((sum, each) => sum + each, 0) === portals;
    },
    { timeoutMs: WITHIN_MS, everyMs: 100 },
  );
  return (performance.now() - killedAt) / 1000;
}

const restFigures = (
  name: string,
  { cpuPercent, rssMb, transactions, rows, serverCpuPercent }: Rest,
): Figure[] => [
  { name: `${name}: CPU of a replica at rest`, value: cpuPercent, unit: '% of a core' },
  { name: `${name}: CPU of PostgreSQL for it`, value: serverCpuPercent, unit: '% of a core' },
  { name: `${name}: transactions of a replica at rest`, value: transactions, unit: '1/s' },
  { name: `${name}: rows read for it`, value: rows, unit: '1/s' },
  { name: `${name}: memory (RSS) of a replica`, value: rssMb, unit: 'MB' },
];

async function run(context: RunContext): Promise<Measurement> {
  const { quick, say } = context;
  const sizes =
    context.portals === null ? (quick ? QUICK_SIZES : SIZES) : [SIZES[0] as number, context.portals];
  const seconds = quick ? QUICK_REST_SECONDS : REST_SECONDS;
  const figures: Figure[] = [];
  const rests: { readonly rest: Rest; readonly owned: number }[] = [];
  const stop = async ({ services }: Running, alive = REPLICAS) => {
    for (const service of services.slice(0, alive)) await service.stop();
  };
  let failovers = 0;
  for (const portals of sizes) {
    const share = Math.round(portals / (quick ? QUICK_OWNED : OWNED)) - REPLICAS;
    const running = await start(context, portals, Math.max(0, share));
    const resting = await rest(running, seconds);
    rests.push({ rest: resting, owned: running.owned });
    const name = `${portals} portals, ${Math.round(running.owned)} owned`;
    const shown = await dashboard(running, quick);
    figures.push(
      ...restFigures(name, resting),
      { name: `${name}: start until they are owned`, value: running.startSeconds, unit: 's' },
      { name: `${name}: first page of the dashboard`, value: shown.firstMs, unit: 'ms' },
      { name: `${name}: the next pages, median`, value: shown.nextMs, unit: 'ms' },
      { name: `${name}: CPU while a page is open`, value: shown.watchedCpuPercent, unit: '% of a core' },
    );
    await stop(running);
  }
  for (const portals of sizes) {
    const running = await start(context, portals, 0);
    const resting = await rest(running, seconds);
    const name = `${portals} portals, a third owned`;
    figures.push(...restFigures(name, resting), {
      name: `${name}: start until they are owned`,
      value: running.startSeconds,
      unit: 's',
    });
    say(`kill -9 of one that has ${Math.round(running.owned)}`);
    figures.push({ name: `${name}: failover`, value: await failOver(running, portals), unit: 's' });
    failovers += 1;
    await stop(running, REPLICAS - 1);
  }
  const [first, last] = [rests[0], rests.at(-1)];
  const ratio = (name: string, figure: (rest: Rest) => number): Figure => ({
    name: `${name}, many portals ÷ few`,
    value:
      first === undefined || last === undefined
        ? Number.NaN
        : figure(last.rest) / last.owned / (figure(first.rest) / first.owned),
    unit: '×',
  });
  return {
    ratios: [
      ratio('CPU per portal owned', ({ cpuPercent }) => cpuPercent),
      ratio('CPU of PostgreSQL per portal owned', ({ serverCpuPercent }) => serverCpuPercent),
      ratio('transactions per portal owned', ({ transactions }) => transactions),
      ratio('rows read per portal owned', ({ rows }) => rows),
    ],
    figures,
    checks: [
      {
        name: 'after a kill -9 the others had every portal',
        ok: failovers === sizes.length,
        found: `${failovers} of ${sizes.length} times`,
      },
    ],
  };
}

export const registry: Scenario = {
  name: 'registry',
  title: 'three replicas of very many portals at rest',
  method: [
    `${SIZES.join(', ')} registered portals (${QUICK_SIZES.join(', ')} with --quick) in a fresh PostgreSQL database, put ` +
      'there by SQL; all of them are left alone for the day, so that their loops run and no request leaves. Three ' +
      `processes, LEASE_MS ${LEASE_MS}, with the dashboard.`,
    `First, each process has about ${OWNED} portals (${QUICK_OWNED} with --quick) of all those: replicas that are on paper ` +
      'only have the rest, with leases that last. Then the three share all of them.',
    `At rest is ${REST_SECONDS} s (${QUICK_REST_SECONDS} with --quick) that begin ${SETTLE_MS / 1000} s after every portal is ` +
      "owned. CPU from /proc, of PostgreSQL's backends too; transactions and rows read from pg_stat_database; all of it " +
      'for one process, the mean of three. A ratio holds the cost for each portal owned against that with the fewest portals.',
    `The first page is that of one process, asked once, and then ${PAGES} times more; a page is open: the stream of ` +
      `changes, for ${WATCHED_SECONDS} s. Failover: from kill -9 of one of three until the leases of all portals are the others'.`,
    '--portals: this many in place of all sizes but the first.',
  ],
  targets: [
    { figure: 'CPU per portal owned, many portals ÷ few', atMost: 1.5, onlyInFull: true },
    { figure: 'transactions per portal owned, many portals ÷ few', atMost: 1.5, onlyInFull: true },
  ],
  maxRuns: 1,
  run,
};
