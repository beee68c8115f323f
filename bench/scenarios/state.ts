import { type Check, type Figure, type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { API_SETTINGS, startSnapshot } from '../support/api.js';
import { Broker } from '../support/broker.js';
import { ORDINARY, type Portal, Portals } from '../support/portals.js';
import { profileClock, readProfile } from '../support/profile.js';
import { Service } from '../support/service.js';
import { rateBetween, type Sample } from '../support/statistics.js';
import { until } from '../support/until.js';

const BACKLOG = 20_000;
const QUICK_BACKLOG = 8000;
/** Rounds beside a snapshot: enough of them that one more or less that gives way makes no difference. */
const BACKLOG_BESIDE = 80_000;
const DEAL = 2;

interface Drained {
  readonly perSecond: number;
  readonly requests: number;
  readonly reads: number;
  readonly statuses: ReadonlyMap<string, number>;
  /** CPU time of the service for an event, µs. */
  readonly cpuMicros: number;
  readonly destroyed: number;
  readonly refusals: number;
  readonly profile: Measurement['profile'];
}

/** One ordinary portal whose objects exist, and a service that has nothing to do yet. */
class Drain {
  private constructor(
    private readonly portals: Portals,
    private readonly portal: Portal,
    private readonly broker: Broker,
    private readonly service: Service,
  ) {}

  static async prepare(
    { cleanup, profile }: RunContext,
    portals: Portals,
    name: string,
    objects: number,
    settings: Record<string, string>,
  ): Promise<Drain> {
    const portal = await portals.add({ name, ...ORDINARY });
    await portals.control('POST', `portals/${name}/seed-objects`, { entityTypeId: DEAL, count: objects });
    const broker = await Broker.open(cleanup);
    const service = await Service.start(
      cleanup,
      {
        ...broker.settings,
        ...portals.settings,
        DATABASE_URL: await portals.installInto([portal]),
        // Told of a burst of 5 it has none to spend: what is measured is what lasts.
        B24_RATE_BURST: '5',
        DRAIN_INTERVAL_MS: '1000',
        SETTLE_AFTER_MS: '2000',
        ...API_SETTINGS,
        ...settings,
      },
      { profile },
    );
    await until('the first polls', async () => (await portal.counters()).requests >= 5);
    return new Drain(portals, portal, broker, service);
  }

  /** Reads all objects at the portal, behind everything else. */
  startSnapshot(): Promise<unknown> {
    return startSnapshot(this.service, this.portal.name);
  }

  async measure(events: number, type: string): Promise<Drained> {
    const seen = new Set<string>();
    const samples: Sample[] = [];
    const statuses = new Map<string, number>();
    await this.broker.consume((message) => {
      if (message.properties.type !== type) return;
      seen.add(String(message.properties.messageId));
      samples.push({ at: performance.now(), count: seen.size });
      const [, status = 'none'] = /"state":\{"status":"(\w+)"/.exec(message.content.toString()) ?? [];
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    const before = await this.portal.counters();
    const cpuBefore = await this.service.cpuSeconds();
    const from = profileClock();
    await this.portal.change(events, () => type);
    await until(`${events} events`, () => seen.size >= events, { timeoutMs: 300_000 });
    const after = await this.portal.counters();
    const cpuAfter = await this.service.cpuSeconds();
    const to = profileClock();
    const destroyed = await this.portals.destroyed();
    const file = await this.service.stop();
    const lists = (counters: Awaited<ReturnType<Portal['counters']>>) =>
      counters.perMethod['crm.item.list'] ?? 0;
    return {
      perSecond: rateBetween(samples, events, 0.25, 1),
      requests: after.requests - before.requests,
      reads: lists(after) - lists(before),
      statuses,
      cpuMicros: ((cpuAfter - cpuBefore) / events) * 1e6,
      destroyed,
      refusals: Object.values(after.refusals).reduce((sum, count) => sum + count, 0),
      profile: file === null ? undefined : readProfile(file, from, to),
    };
  }
}

async function run(context: RunContext): Promise<Measurement> {
  const { cleanup, quick, say } = context;
  const events = quick ? QUICK_BACKLOG : BACKLOG;
  const portals = await Portals.start(cleanup);

  say(`${events} changed deals without their states`);
  const thinDrain = await Drain.prepare(context, portals, 'thin', events, {});
  const thin = await thinDrain.measure(events, 'ONCRMDEALUPDATE');

  say('the same with their states');
  const fullDrain = await Drain.prepare(context, portals, 'full', events, { STATE: 'crm.deal' });
  const full = await fullDrain.measure(events, 'ONCRMDEALUPDATE');

  const leads = quick ? QUICK_BACKLOG : BACKLOG_BESIDE;
  say(`${leads} changed leads, without states`);
  const aloneDrain = await Drain.prepare(context, portals, 'alone', 1, {});
  const alone = await aloneDrain.measure(leads, 'ONCRMLEADUPDATE');

  say(`the same beside a snapshot of ${events * 10} deals`);
  const besideDrain = await Drain.prepare(context, portals, 'beside', events * 10, {});
  await besideDrain.startSnapshot();
  const beside = await besideDrain.measure(leads, 'ONCRMLEADUPDATE');

  const late = (full.statuses.get('late') ?? 0) / events;
  const read = (full.statuses.get('read') ?? 0) / events;
  const ratios: Figure[] = [
    { name: 'events/s with states ÷ without', value: full.perSecond / thin.perSecond, unit: '×' },
    { name: 'events/s beside a snapshot ÷ without', value: beside.perSecond / alone.perSecond, unit: '×' },
    { name: 'CPU time an event with states ÷ without', value: full.cpuMicros / thin.cpuMicros, unit: '×' },
  ];
  const figures: Figure[] = [
    { name: 'events/s without states', value: thin.perSecond, unit: 'events/s' },
    { name: 'events/s with states', value: full.perSecond, unit: 'events/s' },
    { name: 'events/s beside a snapshot', value: beside.perSecond, unit: 'events/s' },
    { name: 'the same without it', value: alone.perSecond, unit: 'events/s' },
    {
      name: 'requests for 1,000 events without states',
      value: (thin.requests / events) * 1000,
      unit: 'requests',
    },
    {
      name: 'requests for 1,000 events with states',
      value: (full.requests / events) * 1000,
      unit: 'requests',
    },
    { name: 'objects read for each list command', value: events / Math.max(full.reads, 1), unit: 'objects' },
    { name: 'share of events that carry their object', value: read * 100, unit: '%' },
    { name: 'share of events that are late', value: late * 100, unit: '%' },
    { name: 'CPU time an event without states', value: thin.cpuMicros, unit: 'µs' },
    { name: 'CPU time an event with states', value: full.cpuMicros, unit: 'µs' },
  ];
  const all = [thin, full, alone, beside];
  const sum = (what: 'destroyed' | 'refusals') => all.reduce((total, one) => total + one[what], 0);
  const checks: Check[] = [
    {
      name: 'no live change was destroyed',
      ok: sum('destroyed') === 0,
      found: `${sum('destroyed')} destroyed`,
    },
    { name: 'the portal refused nothing', ok: sum('refusals') === 0, found: `${sum('refusals')} refusals` },
    {
      name: 'every event says what is known of its object',
      ok: (full.statuses.get('none') ?? 0) === 0,
      found: JSON.stringify(Object.fromEntries(full.statuses)),
    },
  ];
  return { ratios, figures, checks, ...(full.profile === undefined ? {} : { profile: full.profile }) };
}

export const state: Scenario = {
  name: 'state',
  title: 'events that carry the state of their objects, beside events that do not',
  method: [
    `Portal: ${ORDINARY.ratePerSecond} requests/s, ${ORDINARY.serviceTimeMs} ms + ${ORDINARY.serviceTimePerRowMs} ms a ` +
      `row + ${ORDINARY.serviceTimePerPageMs} ms for each page of 50 objects, in a process of its own. Bridge: SQLite, no burst to spend.`,
    `Each change is of another deal (${BACKLOG}; --quick: ${QUICK_BACKLOG}), with the default fields. Measured over the last ` +
      'three quarters of the backlog, from changes to a consumer.',
    `What rounds lose to a reader that is never idle: ${BACKLOG_BESIDE} changed leads without states, alone and while a ` +
      `snapshot of ${BACKLOG * 10} deals is read and published beside them.`,
  ],
  targets: [
    { figure: 'events/s with states ÷ without', atLeast: 0.5, onlyInFull: true },
    { figure: 'events/s beside a snapshot ÷ without', atLeast: 0.9, onlyInFull: true },
    { figure: 'share of events that are late', atMost: 5, onlyInFull: true },
  ],
  run,
};
