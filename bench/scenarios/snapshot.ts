import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { API_SETTINGS, startSnapshot } from '../support/api.js';
import { Broker } from '../support/broker.js';
import { ORDINARY, type Portal, Portals } from '../support/portals.js';
import { changeAtRandom } from '../support/random-changes.js';
import { Service } from '../support/service.js';
import { quantile } from '../support/statistics.js';
import { until } from '../support/until.js';

const OBJECTS = 200_000;
const QUICK_OBJECTS = 15_000;
const KILLS = 10;
const QUICK_KILLS = 3;
/** The portal's own changes that are timed, at first alone and then beside the snapshot. */
const TIMED = 300;
const QUICK_TIMED = 60;
const PER_SECOND = 10;
const DEAL = 2;
/** What a process had published and not recorded when it was killed: these objects may come twice. */
const IN_HAND = 600;

/** Objects of the snapshot that have arrived. */
class Objects {
  readonly ids = new Set<number>();
  repeated = 0;
  completed = false;

  async watch(broker: Broker): Promise<void> {
    await broker.consume(({ content, properties }) => {
      if (properties.type === 'bridge.snapshot.completed') this.completed = true;
      if (properties.type !== 'crm.deal.snapshot') return;
      const id = Number(/"subject":"crm\.deal\/(\d+)"/.exec(content.toString())?.[1]);
      if (this.ids.has(id)) this.repeated += 1;
      this.ids.add(id);
    });
  }
}

/** Changed leads, and how long each was on its way. */
class Timed {
  private readonly arrivedAt = new Map<number, number>();

  constructor(private readonly portal: Portal) {}

  /** In a queue of its own: what waits to be consumed behind a snapshot is the consumer's, not the bridge's. */
  async watch(broker: Broker): Promise<void> {
    await broker.consumeBoundTo('acme.crm.lead.*', ({ content }) => {
      const { subject } = JSON.parse(content.toString()) as { subject: string };
      const lead = Number(subject.split('/')[1]);
      if (!this.arrivedAt.has(lead)) this.arrivedAt.set(lead, performance.now());
    });
  }

  /** From each change to its arrival, above what the portal itself takes for a request, ms. */
  async measure(count: number): Promise<number[]> {
    const changedAt = await changeAtRandom(this.portal, count, PER_SECOND, () => 'ONCRMLEADUPDATE');
    await until('every changed lead', () => [...changedAt.keys()].every((lead) => this.arrivedAt.has(lead)));
    return [...changedAt].map(
      ([lead, at]) => (this.arrivedAt.get(lead) ?? Number.NaN) - at - ORDINARY.serviceTimeMs,
    );
  }
}

async function run({ cleanup, quick, say }: RunContext): Promise<Measurement> {
  const count = quick ? QUICK_OBJECTS : OBJECTS;
  const kills = quick ? QUICK_KILLS : KILLS;
  const portals = await Portals.start(cleanup);
  const portal = await portals.add({ name: 'acme', ...ORDINARY });
  await portals.control('POST', 'portals/acme/seed-objects', { entityTypeId: DEAL, count });
  const broker = await Broker.open(cleanup);
  const objects = new Objects();
  await objects.watch(broker);
  const timed = new Timed(portal);
  await timed.watch(broker);
  const settings = {
    ...broker.settings,
    ...portals.settings,
    DATABASE_URL: await portals.installInto([portal]),
    DRAIN_INTERVAL_MS: '1000',
    SETTLE_AFTER_MS: '2000',
    ...API_SETTINGS,
  };
  let service = await Service.start(cleanup, settings);
  await until('the first polls', async () => (await portal.counters()).requests >= 5);

  const leads = quick ? QUICK_TIMED : TIMED;
  say(`${leads} changed leads, ${PER_SECOND} a second, and nothing else`);
  const alone = await timed.measure(leads);

  say(`the same beside a snapshot of ${count} deals`);
  const startedAt = performance.now();
  await startSnapshot(service, portal.name);
  await until('the first deals', () => objects.ids.size > 0);
  const beside = await timed.measure(leads);
  const readBeside = objects.ids.size;
  const readPerSecond = readBeside / ((performance.now() - startedAt) / 1000);
  const wasOver = objects.completed;

  const left = count - readBeside;
  for (let kill = 1; kill <= kills; kill += 1) {
    const next = readBeside + (left * kill) / (kills + 1);
    await until('more deals', () => objects.ids.size >= next, { timeoutMs: 600_000 });
    say(`kill ${kill} of ${kills}: ${objects.ids.size} deals have arrived`);
    await service.kill();
    service = await Service.start(cleanup, settings);
  }
  await until('the end of the snapshot', () => objects.completed, { timeoutMs: 600_000 });
  const seconds = (performance.now() - startedAt) / 1000;
  const destroyed = await portals.destroyed();
  const { refusals } = await portal.counters();
  await service.stop();

  const missing = count - objects.ids.size;
  const refused = Object.values(refusals).reduce((sum, each) => sum + each, 0);
  const mayRepeat = kills * IN_HAND;
  return {
    ratios: [
      {
        name: 'p50 beside the snapshot ÷ without',
        value: quantile(beside, 0.5) / quantile(alone, 0.5),
        unit: '×',
      },
      {
        name: 'p99 beside the snapshot ÷ without',
        value: quantile(beside, 0.99) / quantile(alone, 0.99),
        unit: '×',
      },
    ],
    figures: [
      { name: 'p50 without', value: quantile(alone, 0.5), unit: 'ms' },
      { name: 'p99 without', value: quantile(alone, 0.99), unit: 'ms' },
      { name: 'p50 beside the snapshot', value: quantile(beside, 0.5), unit: 'ms' },
      { name: 'p99 beside the snapshot', value: quantile(beside, 0.99), unit: 'ms' },
      { name: 'objects/s beside the leads', value: readPerSecond, unit: 'objects/s' },
      { name: 'the whole snapshot, with every restart', value: seconds, unit: 's' },
      { name: 'objects that came again after a kill', value: objects.repeated / kills, unit: 'objects' },
    ],
    checks: [
      { name: 'no object is missing', ok: missing === 0, found: `${missing} of ${count} missing` },
      {
        name: 'none comes twice but what was in hand at a kill',
        ok: objects.repeated <= mayRepeat,
        found: `${objects.repeated} came again, at most ${mayRepeat} may`,
      },
      {
        name: 'the snapshot was under way while leads were timed',
        ok: !wasOver,
        found: `${readBeside} deals had arrived`,
      },
      { name: 'no live change was destroyed', ok: destroyed === 0, found: `${destroyed} destroyed` },
      { name: 'the portal refused nothing', ok: refused === 0, found: `${refused} refusals` },
    ],
  };
}

export const snapshot: Scenario = {
  name: 'snapshot',
  title: 'a snapshot of 200,000 objects: what it costs the events beside it, and what kill -9 does to it',
  method: [
    `Portal: ${ORDINARY.ratePerSecond} requests/s, ${ORDINARY.serviceTimeMs} ms + ${ORDINARY.serviceTimePerRowMs} ms a row + ` +
      `${ORDINARY.serviceTimePerPageMs} ms for each page of 50 objects. DRAIN_INTERVAL_MS 1000. ${TIMED} changed leads ` +
      `(--quick: ${QUICK_TIMED}) at random times, ${PER_SECOND} a second, from the change to a consumer with a queue of ` +
      `its own: at first alone, then while a snapshot reads ${OBJECTS} deals (--quick: ${QUICK_OBJECTS}). The portal's ` +
      `own ${ORDINARY.serviceTimeMs} ms are taken off.`,
    `Then the process is killed ${KILLS} times (${QUICK_KILLS}) at even distances and started again at once, and every ` +
      'deal that arrives is counted.',
  ],
  targets: [
    { figure: 'p50 beside the snapshot ÷ without', atMost: 1.5, onlyInFull: true },
    { figure: 'p99 beside the snapshot ÷ without', atMost: 1.5, onlyInFull: true },
  ],
  maxRuns: 1,
  run,
};
