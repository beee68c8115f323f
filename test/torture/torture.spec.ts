import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { randomBytes } from 'node:crypto';
import { type EmulatedPortal, type Emulator, startEmulator } from '../../emulator/index.js';
import { type PrivateRabbitmq, provideRabbitmq } from '../../scripts/rabbitmq.mjs';
import { topologyNames } from '../../src/broker/topology.js';
import { BridgeProcess } from '../support/bridge-process.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { balance, type Pushed } from './books.js';
import { StubbornConsumer } from './consumer.js';

/** How much of each fault; the long run sets them from outside. */
const WANTED = {
  kills: Number(process.env['TORTURE_KILLS'] ?? 5),
  brokerFaults: Number(process.env['TORTURE_BROKER_FAULTS'] ?? 2),
  lostAnswers: Number(process.env['TORTURE_LOST_ANSWERS'] ?? 5),
};
const SEED = Number(process.env['TORTURE_SEED'] ?? randomBytes(4).readUInt32BE());
const OBJECTS = 200;
const CHANGES_PER_SECOND = 60;
const MINUTE = 60_000;

describe('torture with real processes', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it(
    'loses, destroys and forgets nothing',
    async () => {
      const random = generator(SEED);
      const rabbit = await provideRabbitmq({ private: true });
      closing.push(() => rabbit.stop());
      const stage = await setUp(rabbit, closing);
      const { bridge, portals, consumer } = stage;
      const pushed: Pushed[] = [];
      const pushing = setInterval(() => pushed.push(change(portals, random)), 1000 / CHANGES_PER_SECOND);
      closing.push(() => clearInterval(pushing));

      const done = { kills: 0, brokerStops: 0, brokerKills: 0, lostAnswers: 0, otherAnswers: 0, cuts: 0 };
      const disarm = torment(stage, done, random);
      while (
        done.kills < WANTED.kills ||
        done.brokerStops + done.brokerKills < WANTED.brokerFaults ||
        done.lostAnswers < WANTED.lostAnswers
      ) {
        await pause(700 + random() * 1800);
        if (done.kills < WANTED.kills) {
          await bridge.stop('SIGKILL');
          bridge.start();
          done.kills += 1;
        }
        const faults = done.brokerStops + done.brokerKills;
        const share = WANTED.brokerFaults / Math.max(WANTED.kills, 1);
        if (faults < WANTED.brokerFaults && (done.kills >= WANTED.kills || random() < share * 1.3)) {
          if (random() < 0.5) {
            await rabbit.ctl('stop_app');
            await pause(random() * 2000);
            await rabbit.ctl('start_app');
            done.brokerStops += 1;
          } else {
            await rabbit.kill();
            await pause(random() * 2000);
            await rabbit.restart();
            done.brokerKills += 1;
          }
        }
      }
      disarm();
      clearInterval(pushing);

      await until(
        'every portal to be empty',
        () => portals.every((portal) => portal.rows().length === 0),
        4 * MINUTE,
      ).catch((error: unknown) => process.stderr.write(`${String(error)}\n${bridge.output.slice(-5000)}\n`));
      // What failed last may still be on its way to the dead-letter queue.
      await settled(() => consumer.arrivals.length);
      const exit = await bridge.stop('SIGTERM');
      await consumer.stop();

      const books = balance(pushed, consumer.arrivals, portals);
      const marks = portals.reduce(
        (sum, portal) => sum + (portal.counters.perMethod['event.offline.error'] ?? 0),
        0,
      );
      print({
        seed: SEED,
        ...done,
        changes: books.changes,
        deliveries: books.deliveries,
        duplicates: books.duplicates,
        'failures reported': consumer.failuresReported,
        'calls of event.offline.error': marks,
        'dead letters': books.dead,
        'last changes delivered': books.delivered,
        'taken in by a retry': books.takenIn,
        lost: books.lost.length,
        destroyed: books.destroyed,
        stuck: books.stuck,
      });
      expect(books.lost).toEqual([]);
      expect(books.destroyed).toBe(0);
      expect(books.stuck).toBe(0);
      expect(books.dead).toBeGreaterThan(0);
      expect(books.maxAttempt).toBeLessThanOrEqual(4);
      expect(marks).toBeGreaterThan(0);
      expect(exit).toBe(0);
    },
    40 * MINUTE,
  );
});

interface Torture {
  readonly emulator: Emulator;
  readonly portals: readonly EmulatedPortal[];
  readonly bridge: BridgeProcess;
  readonly consumer: StubbornConsumer;
  readonly brokerProxy: TcpProxy;
  readonly portalProxy: TcpProxy;
}

async function setUp(rabbit: PrivateRabbitmq, closing: (() => unknown)[]): Promise<Torture> {
  const broker = new URL(rabbit.url);
  const brokerProxy = await startTcpProxy(broker.hostname, Number(broker.port));
  closing.push(() => brokerProxy.close());
  const emulatorPort = await freePort();
  const portalProxy = await startTcpProxy('127.0.0.1', emulatorPort);
  closing.push(() => portalProxy.close());
  const emulator = await startEmulator({
    port: emulatorPort,
    publicUrl: `http://127.0.0.1:${portalProxy.port}`,
  });
  closing.push(() => emulator.close());
  const quick = { ratePerSecond: 100, burst: 1000, serviceTimeMs: 15 };
  const portals = [
    emulator.addPortal({ name: 'acme', ...quick }),
    emulator.addPortal({ name: 'globex', ...quick }),
    emulator.addPortal({ name: 'basic', extended: false, ...quick }),
  ];
  const names = topologyNames('torture');
  const bridge = new BridgeProcess({
    AMQP_PREFIX: 'torture',
    RABBITMQ_URL: rabbit.url.replace(`:${broker.port}`, `:${brokerProxy.port}`),
    B24_OAUTH_URL: emulator.url,
    B24_CLIENT_ID: emulator.clientId,
    B24_CLIENT_SECRET: emulator.clientSecret,
    B24_ALLOW_HTTP: 'true',
    B24_RATE_PER_SECOND: '50',
    B24_RATE_BURST: '500',
    DRAIN_LIMIT: '50',
    DRAIN_INTERVAL_MS: '200',
    SETTLE_AFTER_MS: '2000',
    FAILURE_BATCH_WAIT_MS: '200',
    RETRY_MAX_ATTEMPTS: '4',
    RETRY_BASE_DELAY_MS: '500',
    RETRY_MAX_DELAY_MS: '3000',
    LATE_FAILURE_WINDOW_MS: '600000',
  });
  closing.push(() => bridge.remove());
  for (const portal of portals) {
    Object.assign(bridge.settings, {
      B24_DOMAIN: portal.domain,
      B24_REFRESH_TOKEN: portal.issueRefreshToken(),
    });
    bridge.start();
    await bridge.logged('portal.installed');
    await until('bindings', () => portal.bindings().length === 3);
    await bridge.stop();
  }
  const consumer = new StubbornConsumer(rabbit.url, names);
  consumer.start();
  closing.push(() => consumer.stop());
  await until('the consumer', () => consumer.consuming);
  // A quorum queue of RabbitMQ 3.10 that is killed right after its declaration never answers again.
  await rabbit.untilOnDisk(names.replies, names.unrouted, names.dead, names.rejected, consumer.queue);
  // Bindings are written within two seconds or so.
  await pause(3000);
  bridge.start();
  return { emulator, portals, bridge, consumer, brokerProxy, portalProxy };
}

/** Loses and spoils answers, and cuts, stalls and resets both connections, until it is told to stop. */
function torment(
  { portals, brokerProxy, portalProxy }: Torture,
  done: { lostAnswers: number; otherAnswers: number; cuts: number },
  random: () => number,
): () => void {
  const timers = [
    setInterval(() => {
      const portal = portals[Math.floor(random() * portals.length)];
      if (portal === undefined) return;
      const lost = random() < 0.7;
      const kind = lost
        ? (['drop-after-commit', 'drop-after-commit', 'drop-before-commit'] as const)[
            Math.floor(random() * 3)
          ]
        : (['html', 'truncated', 'error'] as const)[Math.floor(random() * 3)];
      const handle = portal.inject({
        method: 'batch',
        kind: kind ?? 'html',
        ...(kind === 'error' ? { status: 500, error: 'INTERNAL_SERVER_ERROR' } : {}),
      });
      setTimeout(() => {
        if (lost) done.lostAnswers += handle.hits;
        else done.otherAnswers += handle.hits;
        handle.remove();
      }, 900);
    }, 1000),
    setInterval(() => {
      const proxy = random() < 0.5 ? brokerProxy : portalProxy;
      done.cuts += 1;
      const roll = random();
      if (roll < 0.4) proxy.cut();
      else if (roll < 0.7)
        proxy.resetAfterBytes(Math.floor(random() * 4000), random() < 0.5 ? 'to-target' : 'from-target');
      else {
        proxy.stall();
        setTimeout(() => proxy.resume(), 300 + random() * 1500);
      }
    }, 2500),
  ];
  return () => {
    timers.forEach((timer) => clearInterval(timer));
    for (const proxy of [brokerProxy, portalProxy]) proxy.resume();
  };
}

function change(portals: readonly EmulatedPortal[], random: () => number): Pushed {
  const portal = portals[Math.floor(random() * portals.length)];
  if (portal === undefined) throw new Error('no portal');
  const id = String(1 + Math.floor(random() * OBJECTS));
  const outcome = portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: id } } });
  if (outcome === null) throw new Error('the event is not bound');
  const entry = portal.queue.journal.at(-1);
  if (entry === undefined) throw new Error('the portal keeps no journal');
  return {
    memberId: portal.memberId,
    messageId: outcome.messageId,
    rowId: outcome.id,
    changedAt: entry.timestamp,
    at: Date.now(),
  };
}

/** Resolves when a figure has stood still for three seconds. */
async function settled(figure: () => number): Promise<void> {
  for (let last = -1; last !== figure();) {
    last = figure();
    await pause(3000);
  }
}

/** mulberry32: the same faults in the same order for the same seed, as far as timing allows. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function print(table: Record<string, number>): void {
  const width = Math.max(...Object.keys(table).map((name) => name.length));
  const lines = Object.entries(table).map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  process.stdout.write(`\ntorture\n${lines.join('\n')}\n`);
}
