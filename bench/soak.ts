import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import amqp, { type ConsumeMessage } from 'amqplib';
import { Broker, RABBITMQ_URL } from './support/broker.js';
import { Cleanup } from './support/cleanup.js';
import { courseOf, type Look } from './support/level.js';
import { type Portal, Portals } from './support/portals.js';
import { Service } from './support/service.js';
import { pause, until } from './support/until.js';
import { usageOf } from './support/usage.js';

const HELP = `Lets the service work for a long time and tells whether what it uses stays level.

  --minutes <n>   how long (120)
  --rate <n>      changes a second over all portals (300)
  --docs          writes the report to docs/bench/soak.txt

Exit code 0 when everything stayed level and nothing was lost, 1 otherwise.
`;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    rate: { type: 'string', default: '300' },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const MINUTES = positive('minutes', values.minutes);
const RATE = positive('rate', values.rate);
const PORTALS = 20;
/** One change in fifty fails at its first attempt. */
const FAILING = 50;
const LOOK_EVERY_MS = 5000;
const TICK_MS = 250;
const CLEANUP_MS = 10_000;
/** So many times within the run. */
const BROKER_RESTARTS = 8;
const TOKEN_EXPIRIES = 12;
/** Settled deliveries are kept for an eighth of the run, so that the database is as large as it gets by its middle. */
const SETTLED_MS = Math.max(Math.round((MINUTES * 60_000) / 8), 10_000);
const HISTORY_EVENTS = Math.max(Math.round((MINUTES * 60 * RATE) / 8), 1000);
/** build/bench → docs/bench. */
const DOCS = join(import.meta.dirname, '../../docs/bench');

const cleanup = new Cleanup();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void cleanup.run().then(() => process.exit(1)));
}

/** Changes of new objects all the time, and what of them has been finished. */
class Traffic {
  private readonly changed = new Map<string, number>();
  private readonly finished = new Map<string, Set<number>>();
  /** All up to this object are finished, by portal. */
  private readonly finishedUpTo = new Map<string, number>();
  private owed = 0;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  copies = 0;

  constructor(private readonly portals: readonly Portal[]) {}

  start(): void {
    this.running = this.changeOn();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  get count(): number {
    return [...this.changed.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Changes that were not finished yet. */
  get open(): number {
    let done = 0;
    for (const { name } of this.portals)
      done += (this.finishedUpTo.get(name) ?? 0) + (this.finished.get(name)?.size ?? 0);
    return this.count - done;
  }

  /** Returns whether the event is to fail. */
  seen({ content }: ConsumeMessage): boolean {
    const { portal, subject, attempt } = JSON.parse(content.toString()) as {
      portal: string;
      subject: string;
      attempt: number;
    };
    const object = Number(subject.split('/')[1]);
    if (object % FAILING === 0 && attempt === 1) return true;
    const later = this.finished.get(portal) ?? new Set<number>();
    this.finished.set(portal, later);
    let upTo = this.finishedUpTo.get(portal) ?? 0;
    if (object <= upTo || later.has(object)) this.copies += 1;
    else later.add(object);
    while (later.delete(upTo + 1)) upTo += 1;
    this.finishedUpTo.set(portal, upTo);
    return false;
  }

  private async changeOn(): Promise<void> {
    let last = performance.now();
    for (let turn = 0; !this.stopped; turn += 1) {
      await pause(TICK_MS);
      const now = performance.now();
      this.owed += ((now - last) / 1000) * RATE;
      last = now;
      const portal = this.portals[turn % this.portals.length];
      const count = Math.floor(this.owed);
      if (portal === undefined || count === 0) continue;
      this.owed -= count;
      await portal.change(count);
      this.changed.set(portal.name, (this.changed.get(portal.name) ?? 0) + count);
    }
  }
}

/** A downstream service that connects again whenever the broker was away. */
async function consume(broker: Broker, traffic: Traffic): Promise<void> {
  let ended = false;
  cleanup.defer('end the consumer', () => Promise.resolve((ended = true)));
  const connect = async (): Promise<void> => {
    const connection = await amqp.connect(RABBITMQ_URL);
    connection.on('error', () => undefined);
    connection.on('close', () => !ended && void again());
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    await channel.prefetch(500);
    await channel.consume(broker.queue, (message) => {
      if (message === null) return;
      const { correlationId } = message.properties as { correlationId: string };
      try {
        if (traffic.seen(message))
          channel.sendToQueue(broker.names.replies, Buffer.from('{"status":"failed","reason":"not today"}'), {
            correlationId,
            persistent: true,
          });
        channel.ack(message);
      } catch {
        // The connection is gone: the event comes again.
      }
    });
  };
  const again = async (): Promise<void> => {
    while (!ended) {
      await pause(500);
      try {
        return await connect();
      } catch {
        continue;
      }
    }
  };
  await connect();
}

/** What is looked at, and how far it may grow whatever the share. */
const WATCHED = {
  'memory (RSS), MB': 15,
  'heap in use, MB': 15,
  'database with its log, MB': 10,
  'file handles': 10,
  timers: 30,
  'deliveries under way': 2 * RATE,
} as const;
type Watched = keyof typeof WATCHED;

async function look(service: Service, database: string): Promise<Record<Watched, number>> {
  const scrape = await service.scrape();
  const bytes = ['', '-wal', '-shm'].reduce((sum, suffix) => {
    const file = statSync(`${database}${suffix}`, { throwIfNoEntry: false });
    return sum + (file?.size ?? 0);
  }, 0);
  return {
    'memory (RSS), MB': usageOf(service.pid).rssBytes / 1e6,
    'heap in use, MB': scrape.sum('nodejs_heap_size_used_bytes') / 1e6,
    'database with its log, MB': bytes / 1e6,
    'file handles': readdirSync(`/proc/${service.pid}/fd`).length,
    timers: scrape.sum('nodejs_active_resources', 'type="Timeout"'),
    'deliveries under way': scrape.sum('bridge_events_in_flight'),
  };
}

async function soak(): Promise<{ text: string; held: boolean }> {
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(PORTALS, { ratePerSecond: 2, burst: 50, serviceTimeMs: 100 });
  const broker = await Broker.open(cleanup);
  const traffic = new Traffic(all);
  await consume(broker, traffic);
  const url = await portals.installInto(all);
  const service = await Service.start(cleanup, {
    ...broker.settings,
    ...portals.settings,
    DATABASE_URL: url,
    DRAIN_INTERVAL_MS: '2000',
    SETTLE_AFTER_MS: '5000',
    RETRY_BASE_DELAY_MS: '5000',
    LATE_FAILURE_WINDOW_MS: String(SETTLED_MS),
    HISTORY_MAX_EVENTS: String(HISTORY_EVENTS),
  });
  const database = url.replace(/^file:/, '');
  const looks = new Map<Watched, Look[]>();
  let [restarts, expiries, missedLooks] = [0, 0, 0];
  let restarting = false;
  process.on('message', () => (restarting = false));
  traffic.start();
  const startedAt = performance.now();
  const minute = () => (performance.now() - startedAt) / 60_000;
  for (let said = 0; minute() < MINUTES;) {
    await pause(LOOK_EVERY_MS);
    try {
      for (const [name, value] of Object.entries(await look(service, database)) as [Watched, number][]) {
        looks.set(name, [...(looks.get(name) ?? []), { at: minute(), value }]);
      }
    } catch {
      missedLooks += 1;
    }
    const share = minute() / MINUTES;
    if (share > (restarts + 0.5) / BROKER_RESTARTS && restarts < BROKER_RESTARTS && !restarting) {
      restarts += 1;
      restarting = true;
      process.send?.('restart the broker');
    }
    if (share > (expiries + 0.5) / TOKEN_EXPIRIES && expiries < TOKEN_EXPIRIES) {
      expiries += 1;
      for (const { name } of all) await portals.control('POST', `portals/${name}/expire-tokens`);
    }
    if (minute() > said + 1) {
      said = Math.floor(minute());
      const last = [...looks].map(([name, seen]) => `${name} ${Math.round(seen.at(-1)?.value ?? 0)}`);
      console.error(`${said} min: ${traffic.count} changes, ${traffic.open} open; ${last.join('; ')}`);
    }
  }
  await traffic.stop();
  await until('every change', () => traffic.open === 0, { timeoutMs: 180_000 }).catch(() => undefined);
  const lost = traffic.open;
  const destroyed = await portals.destroyed();
  await service.stop();

  const courses = [...looks].map(([name, seen]) => ({ name, ...courseOf(seen, MINUTES, WATCHED[name]) }));
  const held = lost === 0 && destroyed === 0 && courses.every(({ level }) => level);
  const row = (cells: readonly string[]) =>
    `  ${cells[0]?.padEnd(28) ?? ''}${cells
      .slice(1)
      .map((cell) => cell.padStart(16))
      .join('')}`;
  const text = [
    `${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`,
    '',
    `npm run soak -- --minutes ${MINUTES} --rate ${RATE}`,
    '',
    row(['', 'second quarter', 'last quarter', 'highest', '']),
    ...courses.map(({ name, early, late, highest, level }) =>
      row([name, early.toFixed(0), late.toFixed(0), highest.toFixed(0), level ? 'level' : 'GROWS']),
    ),
    '',
    `  ${traffic.count} changes on ${PORTALS} portals, one in ${FAILING} failed once; ${traffic.copies} copies; ` +
      `${restarts} restarts of the broker, ${expiries} times all tokens expired.`,
    `  Lost ${lost}, destroyed ${destroyed}. Warnings in the log: ${service.complained}. Looks that failed: ${missedLooks}.`,
    '',
    '  Medians of a look every 5 s. Level: the last quarter lies at most a tenth above the second, or by what does not',
    `  matter. Settled deliveries are kept ${Math.round(SETTLED_MS / 60_000)} min and ${HISTORY_EVENTS} events in the history, so that`,
    '  purging is part of it. SQLite. The first quarter warms up.',
    '',
  ].join('\n');
  return { text, held };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  console.error(`--${name} is a number above 0\n\n${HELP}`);
  process.exit(2);
}

try {
  const { text, held } = await soak();
  console.log(text);
  if (values.docs) {
    const file = join(DOCS, 'soak.txt');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  process.exitCode = held ? 0 : 1;
} finally {
  // A connection that a restart has cut may never close in order, and the broker goes anyway.
  await Promise.race([cleanup.run(), pause(CLEANUP_MS)]);
}
process.exit();
