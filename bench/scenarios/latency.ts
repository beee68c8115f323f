import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { Portals } from '../support/portals.js';
import { changeAtRandom } from '../support/random-changes.js';
import { Service } from '../support/service.js';
import { quantile } from '../support/statistics.js';
import { until } from '../support/until.js';

const INTERVAL_MS = 1000;
const PORTAL = { ratePerSecond: 2, burst: 50, serviceTimeMs: 150, serviceTimePerRowMs: 0.1 };
const PER_SECOND = 10;

async function run({ cleanup, quick, say }: RunContext): Promise<Measurement> {
  const portals = await Portals.start(cleanup);
  const portal = await portals.add({ name: 'acme', ...PORTAL });
  const broker = await Broker.open(cleanup);
  const service = await Service.start(cleanup, {
    ...broker.settings,
    ...portals.settings,
    DATABASE_URL: await portals.installInto([portal]),
    DRAIN_INTERVAL_MS: String(INTERVAL_MS),
  });
  await until('the first polls', async () => (await portal.counters()).requests >= 5);

  const arrivedAt = new Map<number, number>();
  await broker.consume((message) => {
    const body = JSON.parse(message.content.toString()) as { subject?: string };
    const object = Number(body.subject?.split('/')[1]);
    if (!arrivedAt.has(object)) arrivedAt.set(object, performance.now());
  });

  const count = quick ? 50 : 150;
  say(`${count} changes, ${PER_SECOND} a second`);
  const changedAt = await changeAtRandom(portal, count, PER_SECOND);
  await until('every change', () => arrivedAt.size >= count);
  const destroyed = await portals.destroyed();
  const { refusals } = await portal.counters();
  await service.stop();

  const waits = [...changedAt].map(([object, at]) => (arrivedAt.get(object) ?? Number.NaN) - at);
  const above = waits.map((wait) => wait - PORTAL.serviceTimeMs);
  const p50 = quantile(above, 0.5);
  const p99 = quantile(above, 0.99);
  // A change waits for the next request of a cycle: half of it in the middle, all of it at worst.
  const cycle = INTERVAL_MS + PORTAL.serviceTimeMs;
  const refused = Object.values(refusals).reduce((sum, each) => sum + each, 0);
  return {
    ratios: [
      { name: 'p50 ÷ half a poll cycle', value: p50 / (cycle / 2), unit: '×' },
      { name: 'p99 ÷ a poll cycle', value: p99 / cycle, unit: '×' },
    ],
    figures: [
      { name: "p50 above the portal's service time", value: p50, unit: 'ms' },
      { name: "p99 above the portal's service time", value: p99, unit: 'ms' },
      { name: 'bridge: warnings logged', value: service.complained, unit: 'lines' },
    ],
    checks: [
      { name: 'the portal refused the bridge nothing', ok: refused === 0, found: `${refused} refusals` },
      { name: 'no live change was destroyed', ok: destroyed === 0, found: `${destroyed} destroyed` },
    ],
  };
}

export const latency: Scenario = {
  name: 'latency',
  title: 'from a change on the portal to a consumer, by polling',
  method: [
    `DRAIN_INTERVAL_MS ${INTERVAL_MS}, a portal that takes ${PORTAL.serviceTimeMs} ms a request; changes at random ` +
      `times, ${PER_SECOND} a second. The portal's own ${PORTAL.serviceTimeMs} ms are taken off.`,
    'A poll cycle is the interval and one request: a ratio of 1 is what polling itself costs.',
  ],
  run,
};
