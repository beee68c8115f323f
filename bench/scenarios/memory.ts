import { type Figure, type Measurement, type RunContext, type Scenario, type Series } from '../scenario.js';
import { Arrivals } from '../support/arrivals.js';
import { Broker } from '../support/broker.js';
import { Portals, UNLIMITED } from '../support/portals.js';
import { Service } from '../support/service.js';
import { median } from '../support/statistics.js';
import { peakRssOf, type Usage, UsageWatch } from '../support/usage.js';
import { pause, until } from '../support/until.js';

const PORTALS = 20;
const BACKLOG = 1_000_000;
const QUICK_BACKLOG = 40_000;
const IN_FLIGHT = 100_000;
const QUICK_IN_FLIGHT = 10_000;
const AHEAD = 2000;
/** Longer than it should take; what has not arrived by then is said. */
const WITHIN_MS = 240_000;
const QUICK_WITHIN_MS = 60_000;
const SETTLE_AFTER_MS = 5000;
const UNLIMITED_BUDGET = { B24_RATE_PER_SECOND: '10000', B24_RATE_BURST: '100000' };
const POINTS = 150;

async function backlog({ cleanup, quick, say }: RunContext) {
  const total = quick ? QUICK_BACKLOG : BACKLOG;
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(PORTALS, UNLIMITED);
  const broker = await Broker.open(cleanup);
  const arrivals = new Arrivals();
  await broker.consume((message) => arrivals.add(message));
  portals.supply({ portals: all.map(({ name }) => name), each: total / PORTALS, ahead: AHEAD });
  const service = await Service.start(cleanup, {
    ...broker.settings,
    ...portals.settings,
    ...UNLIMITED_BUDGET,
    DATABASE_URL: await portals.installInto(all),
    SETTLE_AFTER_MS: String(SETTLE_AFTER_MS),
  });
  say(`a backlog of ${total} changes`);
  const startedAt = performance.now();
  const watch = new UsageWatch(service.pid, quick ? 200 : 1000);
  let told = 0;
  await until(
    'the whole backlog',
    () => {
      if (arrivals.distinct >= told + 100_000) {
        told = arrivals.distinct;
        say(`${told} of ${total} after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
      }
      return arrivals.distinct >= total;
    },
    { timeoutMs: quick ? QUICK_WITHIN_MS : WITHIN_MS, everyMs: 100 },
  ).catch((error: unknown) => say(String(error)));
  const { samples, cpuPercent } = watch.stop();
  const peakMb = peakRssOf(service.pid) / 1e6;
  const destroyed = await portals.destroyed();
  await service.stop();
  return {
    total,
    samples,
    cpuPercent,
    peakMb,
    destroyed,
    arrivals,
    startedAt,
    complaints: service.complained,
  };
}

async function inFlight({ cleanup, quick, say }: RunContext) {
  const total = quick ? QUICK_IN_FLIGHT : IN_FLIGHT;
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(PORTALS, UNLIMITED);
  await portals.changeAll(all, total / PORTALS);
  const broker = await Broker.open(cleanup);
  const arrivals = new Arrivals();
  await broker.consume((message) => arrivals.add(message));
  const service = await Service.start(cleanup, {
    ...broker.settings,
    ...portals.settings,
    ...UNLIMITED_BUDGET,
    DATABASE_URL: await portals.installInto(all),
    // Long enough that none of them is settled while we look.
    SETTLE_AFTER_MS: '3600000',
  });
  await until('every event', () => arrivals.distinct >= total, { timeoutMs: 300_000 });
  await pause(quick ? 500 : 10_000);
  const seconds = quick ? 5 : 30;
  say(`${total} events in flight: ${seconds} s of quiet`);
  const watch = new UsageWatch(service.pid);
  await pause(seconds * 1000);
  watch.stop();
  const page = await service.scrape();
  const unsettled = page.sum('bridge_events_in_flight');
  const heapMb = page.sum('nodejs_heap_size_used_bytes') / 1e6;
  const peakMb = peakRssOf(service.pid) / 1e6;
  await service.stop();
  return { total, watch, unsettled, heapMb, peakMb };
}

async function run(context: RunContext): Promise<Measurement> {
  const drained = await backlog(context);
  const held = await inFlight(context);
  const { samples, total, arrivals } = drained;
  const third = Math.floor(samples.length / 3);
  const [first, last] = [medianMb(samples.slice(0, third)), medianMb(samples.slice(-third))];
  const seconds = ((samples.at(-1)?.at ?? Number.NaN) - drained.startedAt) / 1000;
  const figures: Figure[] = [
    { name: 'backlog: events', value: total, unit: 'events' },
    { name: 'backlog: memory (RSS), first third', value: first, unit: 'MB' },
    { name: 'backlog: memory (RSS), last third', value: last, unit: 'MB' },
    { name: 'backlog: memory (RSS), peak', value: drained.peakMb, unit: 'MB' },
    { name: 'backlog: CPU', value: drained.cpuPercent, unit: '% of a core' },
    { name: 'backlog: events/s delivered', value: arrivals.distinct / seconds, unit: 'events/s' },
    { name: 'backlog: events delivered twice', value: arrivals.repeated, unit: 'events' },
    { name: 'backlog: warnings logged', value: drained.complaints, unit: 'lines' },
    { name: 'in flight: events', value: held.unsettled, unit: 'events' },
    { name: 'in flight: memory (RSS)', value: held.watch.medianRssMb, unit: 'MB' },
    { name: 'in flight: memory (RSS), peak since the start', value: held.peakMb, unit: 'MB' },
    { name: 'in flight: heap in use', value: held.heapMb, unit: 'MB' },
    { name: 'in flight: CPU', value: held.watch.cpuPercent, unit: '% of a core' },
  ];
  return {
    ratios: [{ name: 'memory over the backlog, last third ÷ first third', value: last / first, unit: '×' }],
    figures,
    checks: [
      {
        name: `every change of the backlog was delivered within ${(context.quick ? QUICK_WITHIN_MS : WITHIN_MS) / 1000} s`,
        ok: arrivals.distinct === total,
        found: `${arrivals.distinct} of ${total}`,
      },
      {
        name: 'no live change was destroyed',
        ok: drained.destroyed === 0,
        found: `${drained.destroyed} destroyed`,
      },
      {
        name: 'all of them were in flight',
        ok: held.unsettled === held.total,
        found: `${held.unsettled} of ${held.total}`,
      },
    ],
    series: [overTime(samples, drained.startedAt)],
  };
}

const medianMb = (samples: readonly Usage[]): number => median(samples.map(({ rssBytes }) => rssBytes)) / 1e6;

function overTime(samples: readonly Usage[], startedAt: number): Series {
  const step = Math.max(1, Math.ceil(samples.length / POINTS));
  return {
    name: 'Memory over the backlog',
    x: 's',
    y: 'MB resident',
    points: samples
      .filter((_, index) => index % step === 0)
      .map(({ at, rssBytes }) => [(at - startedAt) / 1000, rssBytes / 1e6]),
  };
}

export const memory: Scenario = {
  name: 'memory',
  title: 'memory over a long backlog, and with many events in flight',
  method: [
    `Backlog: ${BACKLOG} changes (${QUICK_BACKLOG} with --quick) on ${PORTALS} portals without limits, through one ` +
      'process to a consumer that acknowledges them. The portals make their changes up at least ' +
      `${AHEAD} ahead of the bridge: it never meets an end before the end. SETTLE_AFTER_MS ${SETTLE_AFTER_MS}, so that ` +
      'settling and clearing are in full swing after a few seconds. Memory is read every second from /proc.',
    `In flight: ${IN_FLIGHT} events (${QUICK_IN_FLIGHT} with --quick) that are published and not settled, 30 s without ` +
      'anything new.',
  ],
  targets: [{ figure: 'memory over the backlog, last third ÷ first third', atMost: 1.2, onlyInFull: true }],
  maxRuns: 1,
  run,
};
