import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { type Portal, Portals } from '../support/portals.js';
import { Service } from '../support/service.js';
import { median, quantile } from '../support/statistics.js';
import { pause, until } from '../support/until.js';

const KILLS = 8;
const QUICK_KILLS = 3;
/** Slow enough that a kill meets a request under way more often than not. */
const PORTAL = { ratePerSecond: 2, burst: 50, serviceTimeMs: 400 };
const CHANGE_EVERY_MS = 25;
const BETWEEN_KILLS_MS = 4000;

/** Every second object's first attempt fails; it is finished when its second arrives, the others when their first does. */
const isFailing = (object: number) => object % 2 === 0;

/** Changes go on all the time; of each it is known when it was finished. */
class Traffic {
  private readonly changed = new Set<number>();
  private readonly finishedAt = new Map<number, number>();
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly portal: Portal) {}

  async watch(broker: Broker): Promise<void> {
    await broker.consume(({ content, properties }) => {
      const { subject, attempt } = JSON.parse(content.toString()) as { subject: string; attempt: number };
      const object = Number(subject.split('/')[1]);
      if (isFailing(object) && attempt === 1)
        broker.reply(String(properties.correlationId), { status: 'failed' });
      else if (!this.finishedAt.has(object)) this.finishedAt.set(object, performance.now());
    });
  }

  start(): void {
    this.running = this.changeOn();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  unfinished(): number[] {
    return [...this.changed].filter((object) => !this.finishedAt.has(object));
  }

  /** How long after `since` the last of these were finished, ms. */
  after(objects: readonly number[], since: number): number[] {
    return objects.map((object) => (this.finishedAt.get(object) ?? Number.NaN) - since);
  }

  get count(): number {
    return this.changed.size;
  }

  private async changeOn(): Promise<void> {
    while (!this.stopped) {
      this.changed.add(await this.portal.change(1));
      await pause(CHANGE_EVERY_MS);
    }
  }
}

async function run({ cleanup, quick, say }: RunContext): Promise<Measurement> {
  const portals = await Portals.start(cleanup);
  const portal = await portals.add({ name: 'acme', ...PORTAL });
  const broker = await Broker.open(cleanup);
  const traffic = new Traffic(portal);
  await traffic.watch(broker);
  const settings = {
    ...broker.settings,
    ...portals.settings,
    DATABASE_URL: await portals.installInto([portal]),
    DRAIN_INTERVAL_MS: '500',
    SETTLE_AFTER_MS: '2000',
    FAILURE_BATCH_WAIT_MS: '200',
    RETRY_BASE_DELAY_MS: '500',
    RETRY_MAX_DELAY_MS: '500',
  };
  let service = await Service.start(cleanup, settings);
  traffic.start();
  const took: number[] = [];
  const kills = quick ? QUICK_KILLS : KILLS;
  for (let kill = 0; kill < kills; kill += 1) {
    await pause(BETWEEN_KILLS_MS + kill * 130);
    const open = traffic.unfinished();
    await service.kill();
    service = await Service.start(cleanup, settings);
    const startedAt = performance.now();
    await until(
      'what was under way',
      () => {
        const left = new Set(traffic.unfinished());
        return !open.some((object) => left.has(object));
      },
      { timeoutMs: 180_000, everyMs: 50 },
    );
    const times = traffic.after(open, startedAt);
    took.push(...times);
    say(
      `kill ${kill + 1} of ${kills}: ${open.length} under way, the last finished after ${Math.round(Math.max(...times))} ms`,
    );
  }
  await traffic.stop();
  await until('every change', () => traffic.unfinished().length === 0, { timeoutMs: 180_000 }).catch(
    () => undefined,
  );
  const missing = traffic.unfinished().length;
  const destroyed = await portals.destroyed();
  await service.stop();
  const sorted = took.sort((one, other) => one - other);
  return {
    ratios: [],
    figures: [
      { name: 'start to finished, median', value: median(sorted), unit: 'ms' },
      { name: 'start to finished, p99', value: quantile(sorted, 0.99), unit: 'ms' },
      { name: 'start to finished, last', value: sorted.at(-1) ?? Number.NaN, unit: 'ms' },
      { name: 'changes under way at a kill', value: took.length / kills, unit: 'events' },
    ],
    checks: [
      { name: 'nothing was lost', ok: missing === 0, found: `${missing} of ${traffic.count} missing` },
      { name: 'no live change was destroyed', ok: destroyed === 0, found: `${destroyed} destroyed` },
    ],
    series: [
      {
        name: 'Start to finished',
        x: 's',
        y: 'share of what was under way',
        points: sorted.map((ms, index) => [ms / 1000, (index + 1) / sorted.length]),
      },
    ],
  };
}

export const recovery: Scenario = {
  name: 'recovery',
  title: 'kill -9 and a start again: when is everything finished that was under way?',
  method: [
    `One portal of 2 requests a second that takes ${PORTAL.serviceTimeMs} ms for each, a change every ` +
      `${CHANGE_EVERY_MS} ms, every second of which fails at its first attempt. The process is killed ${KILLS} times ` +
      `(${QUICK_KILLS} with --quick) and started again at once. Measured for every change that was made before a kill and ` +
      'not finished: from the moment at which the new process listens until its event arrives, or its second attempt ' +
      'where the first fails (so it includes a mark and RETRY_BASE_DELAY_MS, 500).',
  ],
  targets: [{ figure: 'start to finished, p99', atMost: 15_000 }],
  run,
};
