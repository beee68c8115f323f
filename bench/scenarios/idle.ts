import { type Figure, type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { publicAddress } from '../support/free-port.js';
import { Portals } from '../support/portals.js';
import { profileClock, readProfile } from '../support/profile.js';
import { Service } from '../support/service.js';
import { peakRssOf, UsageWatch } from '../support/usage.js';
import { pause, until } from '../support/until.js';

const PORTALS = 1000;
const QUICK_PORTALS = 100;
const PORTAL = { ratePerSecond: 2, burst: 50, serviceTimeMs: 150, serviceTimePerRowMs: 0.1 };
/** After the measurement so many of them have a change, to see that the quiet is not that of the dead. */
const WOKEN = 20;

/**
 * From its first round until a portal that notifies of changes is asked as rarely as it ever is: pauses of 5, 5, 10,
 * 20 and 40 s come before those of DRAIN_MAX_INTERVAL_MS.
 */
const STRETCHING_MS = 100_000;

interface Minute {
  readonly cpuPercent: number;
  readonly rssMb: number;
  readonly requestsPerSecond: number;
}

interface Idle {
  readonly firstMinute: Minute;
  /** Where portals notify of changes: a minute in which their pauses grow no longer. */
  readonly atRest: Minute | null;
  readonly peakRssMb: number;
  readonly heapMb: number;
  readonly startSeconds: number;
  readonly refusals: number;
  readonly silent: number;
  readonly complaints: number;
  /** Of the last measured minute, where it was asked for. */
  readonly profile: Measurement['profile'];
}

async function restWith({ cleanup, quick, say, profile }: RunContext, notified: boolean): Promise<Idle> {
  const count = quick ? QUICK_PORTALS : PORTALS;
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(count, PORTAL);
  const broker = await Broker.open(cleanup);
  const startedAt = performance.now();
  const service = await Service.start(
    cleanup,
    {
      ...broker.settings,
      ...portals.settings,
      ...(notified ? await publicAddress() : {}),
      DATABASE_URL: await portals.installInto(all),
    },
    { profile },
  );
  // One to learn of the portal, one to bind its events.
  await until('every portal', async () => (await portals.withRequestsUpTo(1)) === 0, { everyMs: 500 });
  const startSeconds = (performance.now() - startedAt) / 1000;
  await pause(quick ? 500 : 10_000);

  // Whole turns of DRAIN_INTERVAL_MS: portals that were found together are polled together.
  const seconds = quick ? 5 : 60;
  const kind = notified ? 'which notify of changes' : 'polled';
  say(`${count} portals, ${kind}: ${seconds} s of quiet`);
  let from = profileClock();
  const firstMinute = await measured(service, portals, seconds);
  let to = profileClock();
  let atRest: Minute | null = null;
  if (notified) {
    await pause(quick ? 0 : STRETCHING_MS - seconds * 1000);
    say(`${count} portals, ${kind}: ${seconds} s at rest`);
    from = profileClock();
    atRest = await measured(service, portals, seconds);
    to = profileClock();
  }
  const peakRssMb = peakRssOf(service.pid) / 1e6;
  const heapMb = (await service.scrape()).sum('nodejs_heap_size_used_bytes') / 1e6;

  const arrived = new Set<string>();
  await broker.consume((message) => arrived.add(message.fields.routingKey.split('.')[0] ?? ''));
  const woken = all.filter((_, index) => index % Math.ceil(count / WOKEN) === 0);
  await portals.changeAll(woken, 1);
  // What does not arrive is a check that fails, and no reason to lose the figures.
  await until('a change of the portals that were woken', () => arrived.size >= woken.length, {
    timeoutMs: 60_000,
  }).catch((error: unknown) => say(String(error)));
  for (const portal of woken) {
    if (arrived.has(portal.name)) continue;
    const { pending, held } = await portal.waiting();
    say(`${portal.name}: nothing arrived; on the portal ${pending} pending, ${held} reserved`);
  }
  let refusals = 0;
  for (const portal of woken) {
    refusals += Object.values((await portal.counters()).refusals).reduce((sum, each) => sum + each, 0);
  }
  const file = await service.stop();
  return {
    profile: file === null ? undefined : readProfile(file, from, to),
    firstMinute,
    atRest,
    peakRssMb,
    heapMb,
    startSeconds,
    refusals,
    silent: woken.length - arrived.size,
    complaints: service.complained,
  };
}

async function measured(service: Service, portals: Portals, seconds: number): Promise<Minute> {
  const before = await portals.requests();
  const watch = new UsageWatch(service.pid);
  await pause(seconds * 1000);
  watch.stop();
  const requests = (await portals.requests()) - before;
  return {
    cpuPercent: watch.cpuPercent,
    rssMb: watch.medianRssMb,
    requestsPerSecond: requests / seconds,
  };
}

async function run(context: RunContext): Promise<Measurement> {
  const notified = await restWith(context, true);
  const polled = await restWith(context, false);
  return {
    ...(polled.profile === undefined ? {} : { profile: polled.profile }),
    ratios: [],
    figures: [...figuresOf('notified', notified), ...figuresOf('polled', polled)],
    checks: [
      {
        name: 'every portal that was woken delivered its change within a minute',
        ok: notified.silent + polled.silent === 0,
        found: `${notified.silent + polled.silent} of ${2 * WOKEN} did not`,
      },
      {
        name: 'the portals refused the bridge nothing',
        ok: notified.refusals + polled.refusals === 0,
        found: `${notified.refusals + polled.refusals} refusals`,
      },
    ],
  };
}

function figuresOf(kind: string, idle: Idle): Figure[] {
  return [
    ...minuteOf(kind, idle.firstMinute),
    ...(idle.atRest === null ? [] : minuteOf(`${kind}, at rest`, idle.atRest)),
    { name: `${kind}: memory (RSS), peak since the start`, value: idle.peakRssMb, unit: 'MB' },
    { name: `${kind}: heap in use`, value: idle.heapMb, unit: 'MB' },
    { name: `${kind}: until every portal is bound`, value: idle.startSeconds, unit: 's' },
    { name: `${kind}: warnings logged`, value: idle.complaints, unit: 'lines' },
  ];
}

function minuteOf(kind: string, { cpuPercent, rssMb, requestsPerSecond }: Minute): Figure[] {
  return [
    { name: `${kind}: CPU`, value: cpuPercent, unit: '% of a core' },
    { name: `${kind}: memory (RSS)`, value: rssMb, unit: 'MB' },
    { name: `${kind}: requests to portals`, value: requestsPerSecond, unit: 'requests/s' },
  ];
}

export const idle: Scenario = {
  name: 'idle',
  title: 'many portals on which nothing happens',
  method: [
    `${PORTALS} portals (${QUICK_PORTALS} with --quick), the default settings, SQLite. CPU over a minute (5 s with ` +
      "--quick) from /proc, of the bridge's process alone: the portals are another. Memory is the median of what is " +
      'resident in that minute.',
    `Notified: with a PUBLIC_URL, so that portals notify of changes. Polled: without. Then ${WOKEN} portals have a ` +
      'change each, and the run fails unless all of them arrive.',
    'The first minute begins 10 s after the last portal was bound. A portal that notifies of changes is asked less and ' +
      `less often, from every 5 s to every 60 s; at rest is the minute that begins ${STRETCHING_MS / 1000} s later, when ` +
      'its pauses grow no longer.',
  ],
  targets: [
    { figure: 'notified, at rest: memory (RSS)', atMost: 250, onlyInFull: true },
    { figure: 'notified, at rest: CPU', atMost: 5, onlyInFull: true },
  ],
  maxRuns: 1,
  run,
};
