import { type Figure, type Measurement, type RunContext, type Scenario, type Series } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { Portals, UNLIMITED } from '../support/portals.js';
import { Service } from '../support/service.js';
import { rateBetween, type Sample } from '../support/statistics.js';
import { usageOf, UsageWatch } from '../support/usage.js';
import { pause, until } from '../support/until.js';

/** The same at every size, so that every event costs the same share of a request. */
const DRAIN_LIMIT = 50;
/** Portals, and how many changes each of them has. */
const SIZES = [
  { count: 1, each: 5000 },
  { count: 10, each: 2000 },
  { count: 100, each: 400 },
  { count: 1000, each: 150 },
] as const;
const QUICK_SIZES = [
  { count: 1, each: 2000 },
  { count: 10, each: 500 },
  { count: 100, each: 100 },
] as const;
const MEASURED_FROM = 0.1;

interface Grown {
  readonly count: number;
  readonly perSecond: number;
  readonly microsPerEvent: number;
  readonly idlePercent: number;
  readonly rssMb: number;
}

async function grow(
  { cleanup, quick, say }: RunContext,
  { count, each }: { count: number; each: number },
): Promise<Grown> {
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(count, UNLIMITED);
  const broker = await Broker.open(cleanup);
  const settings = {
    ...broker.settings,
    ...portals.settings,
    B24_RATE_PER_SECOND: '10000',
    B24_RATE_BURST: '100000',
    DRAIN_LIMIT: String(DRAIN_LIMIT),
    DATABASE_URL: await portals.installInto(all),
  };

  // Whole turns of DRAIN_INTERVAL_MS: portals that were found together are polled together.
  const seconds = quick ? 5 : 20;
  say(`${count} idle portals: ${seconds} s`);
  const resting = await Service.start(cleanup, settings);
  await until('every portal', async () => (await portals.withRequestsUpTo(1)) === 0, { everyMs: 500 });
  await pause(quick ? 500 : 8000);
  const watch = new UsageWatch(resting.pid);
  await pause(seconds * 1000);
  watch.stop();
  await resting.stop();

  const total = count * each;
  say(`${count} portals with ${each} changes each`);
  await portals.changeAll(all, each);
  const working = await Service.start(cleanup, settings);
  const samples: Sample[] = [];
  let from: { cpu: number; count: number } | null = null;
  for (let done = 0; done < total; await pause(20)) {
    done = await broker.depth(broker.queue);
    samples.push({ at: performance.now(), count: done });
    if (from === null && done >= total * MEASURED_FROM) {
      from = { cpu: usageOf(working.pid).cpuSeconds, count: done };
    }
  }
  const cpu = usageOf(working.pid).cpuSeconds - (from?.cpu ?? Number.NaN);
  await working.stop();
  return {
    count,
    perSecond: rateBetween(samples, total, MEASURED_FROM, 1),
    microsPerEvent: (cpu / (total - (from?.count ?? Number.NaN))) * 1e6,
    idlePercent: watch.cpuPercent,
    rssMb: watch.medianRssMb,
  };
}

async function run(context: RunContext): Promise<Measurement> {
  const sizes: Grown[] = [];
  for (const size of context.quick ? QUICK_SIZES : SIZES) sizes.push(await grow(context, size));
  const [one, ten] = [sizes[0], sizes[1]];
  const most = sizes.at(-1);
  if (one === undefined || ten === undefined || most === undefined) throw new Error('no sizes');
  // Of what portals add to a process without any; the difference of small numbers is only noise.
  const addedByTen = Math.max(ten.idlePercent - one.idlePercent, 0.5) / (ten.count - one.count);
  const addedByMost = (most.idlePercent - one.idlePercent) / (most.count - one.count);
  const figures: Figure[] = sizes.flatMap((size) => [
    { name: `${size.count} portals: events/s`, value: size.perSecond, unit: 'events/s' },
    { name: `${size.count} portals: CPU time`, value: size.microsPerEvent, unit: 'µs/event' },
    { name: `${size.count} portals: CPU at rest`, value: size.idlePercent, unit: '% of a core' },
    { name: `${size.count} portals: memory (RSS) at rest`, value: size.rssMb, unit: 'MB' },
  ]);
  const series = (name: string, y: string, value: (size: Grown) => number): Series => ({
    name,
    x: 'portals',
    y,
    points: sizes.map((size) => [size.count, value(size)]),
  });
  return {
    ratios: [
      { name: 'events/s, most portals ÷ 10', value: most.perSecond / ten.perSecond, unit: '×' },
      {
        name: 'CPU time per event, most portals ÷ 10',
        value: most.microsPerEvent / ten.microsPerEvent,
        unit: '×',
      },
      {
        name: 'CPU at rest that a portal adds, up to the most ÷ up to 10',
        value: addedByMost / addedByTen,
        unit: '×',
      },
    ],
    figures: [
      ...figures,
      {
        name: 'memory (RSS) that a portal adds at rest',
        value: ((most.rssMb - one.rssMb) / (most.count - one.count)) * 1000,
        unit: 'kB',
      },
    ],
    checks: [],
    series: [
      series('Throughput', 'events/s', ({ perSecond }) => perSecond),
      series('CPU time per event', 'µs', ({ microsPerEvent }) => microsPerEvent),
      series('CPU at rest', '% of a core', ({ idlePercent }) => idlePercent),
      series('Memory at rest', 'MB resident', ({ rssMb }) => rssMb),
    ],
  };
}

export const scaling: Scenario = {
  name: 'scaling',
  title: 'from one portal to a thousand in one process',
  method: [
    `1, 10, 100 and 1000 portals without limits (up to 100 with --quick), SQLite, the default DRAIN_INTERVAL_MS. At ` +
      'rest: CPU and memory of the process from /proc over 20 s without any change (5 s with --quick).',
    `At work: the process is started anew on a backlog (${SIZES.map(({ count, each }) => `${count} × ${each}`).join(', ')} ` +
      `changes) with DRAIN_LIMIT ${DRAIN_LIMIT}, so that a request carries as many events at every size. Measured from ` +
      'the first tenth to the last event on the queue: what the first rounds of every portal cost (plan, bindings) is in ' +
      'it, shared by its events. One portal has one request under way, so it is slower alone.',
    'Near linear: a thousand portals are served as fast as ten, and one of them costs no more at rest.',
  ],
  targets: [
    { figure: 'events/s, most portals ÷ 10', atLeast: 0.7 },
    { figure: 'CPU time per event, most portals ÷ 10', atMost: 1.5 },
    {
      figure: 'CPU at rest that a portal adds, up to the most ÷ up to 10',
      atMost: 1.5,
      onlyInFull: true,
    },
  ],
  maxRuns: 1,
  run,
};
