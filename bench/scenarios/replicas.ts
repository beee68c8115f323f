import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { type Portal, Portals } from '../support/portals.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { Service } from '../support/service.js';
import { median } from '../support/statistics.js';
import { pause, until } from '../support/until.js';

const REPLICAS = 3;
const PORTALS = 12;
const PORTAL = { ratePerSecond: 20, burst: 200, serviceTimeMs: 20 };
const LEASE_MS = 15_000;
const QUICK_LEASE_MS = 3000;
const CHANGE_EVERY_MS = 50;

/** One process of the bridge, and which portals' events it was the last to publish. */
interface Replica {
  readonly service: Service;
  readonly owns: (portal: string) => boolean;
}

/** Changes go on all the time; what arrives is held against what was changed. */
class Traffic {
  private readonly changedAt = new Map<string, number>();
  private readonly arrivedAt = new Map<string, number>();
  private stopped = false;
  private running: Promise<void> | null = null;
  repeated = 0;

  constructor(private readonly portals: readonly Portal[]) {}

  async watch(broker: Broker): Promise<void> {
    await broker.consume((message) => {
      const { subject, portal } = JSON.parse(message.content.toString()) as {
        subject: string;
        portal: string;
      };
      const key = `${portal} ${subject.split('/')[1] ?? ''}`;
      if (this.arrivedAt.has(key)) this.repeated += 1;
      else this.arrivedAt.set(key, performance.now());
    });
  }

  start(): void {
    this.running = this.changeOn();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  async change(portal: Portal): Promise<void> {
    const at = performance.now();
    const object = await portal.change(1);
    this.changedAt.set(`${portal.name} ${object}`, at);
  }

  /** When the first event arrived of what changed on a portal after `since`; undefined: none yet. */
  firstArrival(portal: Portal, since: number): number | undefined {
    const arrivals = [...this.changedAt]
      .filter(([key, at]) => at >= since && key.startsWith(`${portal.name} `))
      .flatMap(([key]) => this.arrivedAt.get(key) ?? []);
    return arrivals.length === 0 ? undefined : Math.min(...arrivals);
  }

  get changed(): number {
    return this.changedAt.size;
  }

  get missing(): number {
    return [...this.changedAt.keys()].filter((key) => !this.arrivedAt.has(key)).length;
  }

  private async changeOn(): Promise<void> {
    for (let turn = 0; !this.stopped; turn += 1) {
      await this.change(this.portals[turn % this.portals.length] as Portal);
      await pause(CHANGE_EVERY_MS);
    }
  }
}

async function startReplicas(
  cleanup: RunContext['cleanup'],
  settings: Record<string, string>,
): Promise<Replica[]> {
  const lastPublisher = new Map<string, number>();
  const replicas: Replica[] = [];
  for (let index = 0; index < REPLICAS; index += 1) {
    const onLine = (line: string) => {
      const portal = /"event":"dispatch".*?"portal":"([^"]+)"/.exec(line)?.[1];
      if (portal !== undefined) lastPublisher.set(portal, index);
    };
    const service = await Service.start(cleanup, settings, { onLine });
    replicas.push({ service, owns: (portal) => lastPublisher.get(portal) === index });
  }
  return replicas;
}

async function run({ cleanup, quick, say }: RunContext): Promise<Measurement> {
  const leaseMs = quick ? QUICK_LEASE_MS : LEASE_MS;
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(PORTALS, PORTAL);
  const broker = await Broker.open(cleanup);
  const traffic = new Traffic(all);
  await traffic.watch(broker);
  const replicas = await startReplicas(cleanup, {
    ...broker.settings,
    ...portals.settings,
    B24_RATE_PER_SECOND: '20',
    B24_RATE_BURST: '200',
    DATABASE_URL: await portals.installInto(all, await createPostgresDatabase(cleanup)),
    LEASE_MS: String(leaseMs),
    DRAIN_INTERVAL_MS: '500',
    SETTLE_AFTER_MS: '2000',
  });
  await until('the first poll of every portal', async () => (await portals.withRequestsUpTo(2)) === 0);
  traffic.start();
  say(`${REPLICAS} replicas share ${PORTALS} portals`);
  await pause(leaseMs + 3000);

  const owned = replicas.map(({ owns }) => all.filter(({ name }) => owns(name)));
  const most = Math.max(...owned.map(({ length }) => length));
  const victim = owned.findIndex(({ length }) => length === most);
  const lost = owned[victim] ?? [];
  if (lost.length === 0) throw new Error('no replica said that it published anything');
  say(`kill -9 of the owner of ${lost.length} portals`);
  const killedAt = performance.now();
  await replicas[victim]?.service.kill();
  await Promise.all(lost.map((portal) => traffic.change(portal)));
  await until(
    'an event of every portal of the dead one',
    () => lost.every((portal) => traffic.firstArrival(portal, killedAt) !== undefined),
    { timeoutMs: leaseMs + 60_000, everyMs: 100 },
  );
  const takeovers = lost.map((portal) => (traffic.firstArrival(portal, killedAt) ?? Number.NaN) - killedAt);
  await traffic.stop();
  await until('what was changed', () => traffic.missing === 0).catch(() => undefined);
  const { missing, changed, repeated } = traffic;
  const destroyed = await portals.destroyed();
  for (const [index, { service }] of replicas.entries()) if (index !== victim) await service.stop();
  const longest = Math.max(...takeovers);
  return {
    ratios: [],
    figures: [
      { name: 'LEASE_MS', value: leaseMs, unit: 'ms' },
      { name: 'portals of the killed replica', value: lost.length, unit: `of ${PORTALS}` },
      { name: 'kill to first event, median of its portals', value: median(takeovers), unit: 'ms' },
      { name: 'kill to first event, last of its portals', value: longest, unit: 'ms' },
      { name: 'kill to first event, beyond LEASE_MS', value: longest - leaseMs, unit: 'ms' },
      { name: 'changes in all', value: changed, unit: 'events' },
      { name: 'events lost', value: missing, unit: 'events' },
      { name: 'events delivered twice', value: repeated, unit: 'events' },
    ],
    checks: [
      { name: 'nothing was lost', ok: missing === 0, found: `${missing} of ${changed} missing` },
      { name: 'no live change was destroyed', ok: destroyed === 0, found: `${destroyed} destroyed` },
    ],
    series: [
      {
        name: 'Kill to first event',
        x: 's',
        y: 'share of its portals',
        points: [0, ...takeovers.sort((a, b) => a - b)].map((ms, index) => [
          ms / 1000,
          index / takeovers.length,
        ]),
      },
    ],
  };
}

export const replicas: Scenario = {
  name: 'replicas',
  title: 'kill -9 of a replica to the first events that another delivers of its portals',
  method: [
    `${REPLICAS} processes on one fresh PostgreSQL database, ${PORTALS} portals with a change every ` +
      `${CHANGE_EVERY_MS} ms in turn, LEASE_MS ${LEASE_MS} (${QUICK_LEASE_MS} with --quick). The one that published for ` +
      'most portals is killed, and each of those portals has a change at that moment. Measured from the kill until ' +
      'the first event of a change made after it arrives at a consumer.',
    'Lost: a change that has not arrived two minutes after the last one was made.',
  ],
  targets: [{ figure: 'kill to first event, beyond LEASE_MS', atMost: 3000 }],
  run,
};
