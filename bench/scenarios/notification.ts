import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { publicAddress } from '../support/free-port.js';
import { type Portal, Portals } from '../support/portals.js';
import { Service } from '../support/service.js';
import { quantile } from '../support/statistics.js';
import { pause, until } from '../support/until.js';

const PORTALS = 20;
const PORTAL = { ratePerSecond: 2, burst: 50, serviceTimeMs: 150 };
/** Polling has to stay out of the way: it is what notifications make needless. */
const INTERVAL_MS = 120_000;
/** A portal notifies us of at most one change a second; of whatever comes sooner it does not. */
const APART_MS = { least: 1500, most: 2500 };

async function run({ cleanup, quick, say }: RunContext): Promise<Measurement> {
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(PORTALS, PORTAL);
  const broker = await Broker.open(cleanup);
  const service = await Service.start(cleanup, {
    ...broker.settings,
    ...portals.settings,
    ...(await publicAddress()),
    DATABASE_URL: await portals.installInto(all),
    DRAIN_INTERVAL_MS: String(INTERVAL_MS),
  });
  await until('bindings', async () => (await portals.withRequestsUpTo(1)) === 0);
  // The round that comes after the one that found the bindings missing.
  await pause(2000);

  const arrivedAt = new Map<string, number>();
  await broker.consume((message) => {
    const at = performance.timeOrigin + performance.now();
    const { subject, portal } = JSON.parse(message.content.toString()) as { subject: string; portal: string };
    const key = `${portal} ${subject.split('/')[1] ?? ''}`;
    if (!arrivedAt.has(key)) arrivedAt.set(key, at);
  });
  const each = quick ? 3 : 10;
  say(`${each} changes on each of ${PORTALS} portals`);
  await Promise.all(all.map((portal) => changeNowAndThen(portal, each)));
  await until('every change', () => arrivedAt.size >= each * PORTALS);
  const waits: number[] = [];
  let missing = 0;
  for (const portal of all) {
    const posted = await portal.posted();
    missing += each - posted.length;
    posted.forEach(({ at }, index) => {
      waits.push((arrivedAt.get(`${portal.name} ${index + 1}`) ?? Number.NaN) - at - PORTAL.serviceTimeMs);
    });
  }
  const destroyed = await portals.destroyed();
  await service.stop();

  const [p50, p99] = [quantile(waits, 0.5), quantile(waits, 0.99)];
  return {
    ratios: [],
    figures: [
      { name: "p50 above the portal's service time", value: p50, unit: 'ms' },
      { name: 'p90', value: quantile(waits, 0.9), unit: 'ms' },
      { name: "p99 above the portal's service time", value: p99, unit: 'ms' },
      { name: 'longest', value: Math.max(...waits), unit: 'ms' },
      { name: 'notifications', value: waits.length, unit: '' },
      { name: 'bridge: warnings logged', value: service.complained, unit: 'lines' },
    ],
    checks: [
      {
        name: 'every change was notified',
        ok: missing === 0,
        found: `${missing} were not`,
      },
      { name: 'no live change was destroyed', ok: destroyed === 0, found: `${destroyed} destroyed` },
    ],
    series: [
      {
        name: 'Notification to consumer',
        x: "ms above the portal's service time",
        y: 'share of events',
        points: Array.from({ length: 101 }, (_, percent) => [quantile(waits, percent / 100), percent / 100]),
      },
    ],
  };
}

async function changeNowAndThen(portal: Portal, times: number): Promise<void> {
  await pause(Math.random() * APART_MS.most);
  for (let made = 0; made < times; made += 1) {
    await portal.change(1);
    await pause(APART_MS.least + Math.random() * (APART_MS.most - APART_MS.least));
  }
}

export const notification: Scenario = {
  name: 'notification',
  title: 'from the notification of a change to a consumer',
  method: [
    `${PORTALS} portals that take ${PORTAL.serviceTimeMs} ms a request, each with a change every ${APART_MS.least} to ` +
      `${APART_MS.most} ms, notified by ONOFFLINEEVENT to the bridge's own address. The portal stamps when it posts ` +
      `and a consumer when it has the event, on one clock; the ${PORTAL.serviceTimeMs} ms of the one request that ` +
      'fetches it are taken off.',
    `DRAIN_INTERVAL_MS is ${INTERVAL_MS}, so that no poll happens to be under way: a notified change waits for ` +
      'that one first, at most one service time.',
  ],
  targets: [{ figure: "p99 above the portal's service time", atMost: 50 }],
  run,
};
