import { type NaiveProgress, type NaiveTask } from '../naive-loop.js';
import { type Check, type Figure, type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker, RABBITMQ_URL } from '../support/broker.js';
import { runProgram } from '../support/child-program.js';
import { type Portal, Portals } from '../support/portals.js';
import { Service } from '../support/service.js';
import { rateBetween, type Sample } from '../support/statistics.js';
import { pause, until } from '../support/until.js';

const BACKLOG = 40_000;
const QUICK_BACKLOG = 20_000;
/** An ordinary plan, and what requests take on a portal that is not in a hurry. */
const ORDINARY = { ratePerSecond: 2, burst: 50, serviceTimeMs: 150, serviceTimePerRowMs: 0.1 };
/** With --quick: half the burst, so that it is whole again in half the time. */
const QUICK = { ...ORDINARY, burst: 25 };

interface Drained {
  readonly events: number;
  /** From the changes until a consumer had all of them. */
  readonly seconds: number;
  readonly samples: readonly Sample[];
  /** Portal requests within that time. */
  readonly requests: number;
  /** The same until the portal's queue was empty, with the polls of the wait in between. */
  readonly requestsUntilCleared: number;
  readonly refusals: number;
  readonly destroyed: number;
  readonly complaints: number;
}

/** A service that has nothing to do yet, and the portal that will keep it busy. */
class Drain {
  private constructor(
    private readonly portals: Portals,
    private readonly portal: Portal,
    private readonly broker: Broker,
    private readonly service: Service,
  ) {}

  static async prepare(
    { cleanup, quick }: RunContext,
    portals: Portals,
    name: string,
    settings: Record<string, string>,
  ): Promise<Drain> {
    const plan = quick ? QUICK : ORDINARY;
    const portal = await portals.add({ name, ...plan });
    const broker = await Broker.open(cleanup);
    const service = await Service.start(cleanup, {
      ...broker.settings,
      ...portals.settings,
      DATABASE_URL: await portals.installInto([portal]),
      B24_RATE_BURST: String(plan.burst),
      DRAIN_INTERVAL_MS: '1000',
      // Short, so that what is settled is cleared by the requests that fetch the rest.
      SETTLE_AFTER_MS: '2000',
      ...settings,
    });
    // Features, bindings and the look for orphans are over when it has polled an empty queue.
    await until('the first polls', async () => (await portal.counters()).requests >= 5);
    return new Drain(portals, portal, broker, service);
  }

  async measure(events: number): Promise<Drained> {
    const seen = new Set<string>();
    const samples: Sample[] = [];
    await this.broker.consume((message) => {
      seen.add(String(message.properties.messageId));
      samples.push({ at: performance.now(), count: seen.size });
    });
    const before = await this.portal.counters();
    await this.portal.change(events);
    const startedAt = performance.now();
    await until(`${events} events`, () => seen.size >= events, { timeoutMs: 300_000 });
    const seconds = ((samples.at(-1)?.at ?? 0) - startedAt) / 1000;
    const delivered = await this.portal.counters();
    await until('an empty queue', async () => (await this.portals.rowsOf(this.portal)) === 0, {
      everyMs: 200,
    });
    const after = await this.portal.counters();
    const destroyed = await this.portals.destroyed();
    await this.service.stop();
    return {
      events,
      seconds,
      samples,
      requests: delivered.requests - before.requests,
      requestsUntilCleared: after.requests - before.requests,
      refusals: Object.values(after.refusals).reduce((sum, count) => sum + count, 0),
      destroyed,
      complaints: this.service.complained,
    };
  }
}

async function runNaive(context: RunContext, portals: Portals, name: string): Promise<NaiveProgress[]> {
  const portal = await portals.add({ name, ...(context.quick ? QUICK : ORDINARY) });
  await portal.change(BACKLOG);
  const { names } = await Broker.open(context.cleanup);
  const task: NaiveTask = {
    endpoint: portal.identity.clientEndpoint,
    accessToken: await portal.accessToken(),
    rabbitmqUrl: RABBITMQ_URL,
    exchange: names.events,
    afterRefusalMs: context.quick ? 5000 : 12_000,
    atMostMs: 120_000,
  };
  const progress: NaiveProgress[] = [];
  await runProgram(context.cleanup, 'naive-loop.js', task, (message) =>
    progress.push(message as NaiveProgress),
  );
  return progress;
}

/** Events that the loop had published by then. */
function eventsBy(progress: readonly NaiveProgress[], atMs: number): number {
  return progress.filter(({ at }) => at <= atMs).at(-1)?.events ?? 0;
}

async function run(context: RunContext): Promise<Measurement> {
  const { cleanup, quick, say } = context;
  const portals = await Portals.start(cleanup);

  say('the naive loop, while an idle bridge saves its burst');
  const rested = await Drain.prepare(context, portals, 'rested', {});
  const savingSince = performance.now();
  const naive = await runNaive(context, portals, 'naive');
  const { burst: saved, ratePerSecond } = quick ? QUICK : ORDINARY;
  // A budget that was not used for that long is whole again.
  await pause(Math.max(0, (saved / ratePerSecond) * 1000 - (performance.now() - savingSince)));

  const burstEvents = quick ? QUICK_BACKLOG : BACKLOG;
  say(`the bridge with its whole burst: ${burstEvents} changes`);
  const burst = await rested.measure(burstEvents);
  const steadyEvents = quick ? QUICK_BACKLOG / 2 : BACKLOG;
  say(`the bridge without a burst: ${steadyEvents} changes`);
  const steady = await (
    await Drain.prepare(context, portals, 'steady', { B24_RATE_BURST: '5' })
  ).measure(steadyEvents);

  const bridgeBurst = burst.events / burst.seconds;
  const bridgeSteady = rateBetween(steady.samples, steady.events, 0.25, 1);
  const bridgePerRequest = burst.events / burst.requests;

  const end = naive.at(-1);
  const refused = naive.find(({ refusals }) => refusals > 0);
  if (end === undefined || refused === undefined) throw new Error('the naive loop never used its burst up');
  const naiveBurst = eventsBy(naive, burst.seconds * 1000) / burst.seconds;
  const naiveSteady = ((end.events - refused.events) / (end.at - refused.at)) * 1000;
  // A refused request costs the budget nothing, so it does not count against the loop.
  const naivePerRequest = end.events / (end.requests - end.refusals);

  const ratios: Figure[] = [
    { name: 'events/s with the burst, bridge ÷ naive', value: bridgeBurst / naiveBurst, unit: '×' },
    { name: 'events/s sustained, bridge ÷ naive', value: bridgeSteady / naiveSteady, unit: '×' },
    { name: 'events per request, bridge ÷ naive', value: bridgePerRequest / naivePerRequest, unit: '×' },
  ];
  const figures: Figure[] = [
    { name: 'bridge: events/s with the burst', value: bridgeBurst, unit: 'events/s' },
    { name: 'naive: events/s with the burst', value: naiveBurst, unit: 'events/s' },
    { name: 'bridge: events/s sustained', value: bridgeSteady, unit: 'events/s' },
    { name: 'naive: events/s sustained', value: naiveSteady, unit: 'events/s' },
    { name: 'bridge: events per request', value: bridgePerRequest, unit: 'events' },
    { name: 'bridge: events per request, no burst', value: steady.events / steady.requests, unit: 'events' },
    { name: 'naive: events per request', value: naivePerRequest, unit: 'events' },
    {
      name: `bridge: requests until ${burst.events} were delivered`,
      value: burst.requests,
      unit: 'requests',
    },
    {
      name: 'bridge: the same until all were cleared, idle polls included',
      value: burst.requestsUntilCleared,
      unit: 'requests',
    },
    { name: 'naive: refused requests', value: end.refusals, unit: 'requests' },
    { name: 'bridge: warnings logged', value: burst.complaints + steady.complaints, unit: 'lines' },
  ];
  const checks: Check[] = [
    {
      name: 'the portal refused the bridge nothing',
      ok: burst.refusals + steady.refusals === 0,
      found: `${burst.refusals + steady.refusals} refusals`,
    },
    {
      name: 'no live change was destroyed',
      ok: burst.destroyed + steady.destroyed === 0,
      found: `${burst.destroyed + steady.destroyed} destroyed`,
    },
  ];
  return { ratios, figures, checks };
}

export const backlog: Scenario = {
  name: 'backlog',
  title: 'one ordinary portal with a backlog, beside the loop that is written by hand',
  method: [
    `Portal: ${ORDINARY.ratePerSecond} requests/s, burst ${ORDINARY.burst}, ${ORDINARY.serviceTimeMs} ms + ` +
      `${ORDINARY.serviceTimePerRowMs} ms a row, in a process of its own (--quick: burst ${QUICK.burst}). Bridge: SQLite, the default DRAIN_LIMIT.`,
    'With the burst: a bridge that was idle until its budget was whole meets the backlog; measured from the changes ' +
      'until a consumer has them. The naive loop starts with a whole budget too and is given the same time.',
    'Sustained: a bridge told of a burst of 5 has none to spend; measured over the last three quarters of the ' +
      'backlog. The naive loop is measured from the first request that the portal refused it: its burst is gone then.',
  ],
  targets: [
    { figure: 'bridge: events per request', atLeast: 1500, onlyInFull: true },
    { figure: 'bridge: events per request, no burst', atLeast: 1500, onlyInFull: true },
    { figure: 'bridge: events/s sustained', atLeast: 3000, onlyInFull: true },
    { figure: 'events/s sustained, bridge ÷ naive', atLeast: 60, onlyInFull: true },
  ],
  run,
};
