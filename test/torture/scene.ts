import Libsql from 'libsql';
import { type EmulatedPortal, type Emulator, startEmulator } from '../../emulator/index.js';
import { type PrivateRabbitmq } from '../../scripts/rabbitmq.mjs';
import { topologyNames } from '../../src/broker/topology.js';
import { BridgeProcess } from '../support/bridge-process.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { freePort } from '../../scripts/free-ports.mjs';
import { StubbornConsumer } from './consumer.js';
import { NarrowQueue } from './narrow-queue.js';

/** The built service between portals of every kind and a broker of its own, with a proxy on either side. */
export interface Scene {
  readonly emulator: Emulator;
  readonly portals: readonly EmulatedPortal[];
  readonly bridge: BridgeProcess;
  readonly consumer: StubbornConsumer;
  /** Wants the events of the first portal alone. */
  readonly narrow: NarrowQueue;
  readonly brokerProxy: TcpProxy;
  readonly portalProxy: TcpProxy;
}

/** Resolves when the service has its portals, their bindings and a consumer. `closing` gets what ends it all. */
export async function setUp(
  rabbit: PrivateRabbitmq,
  closing: (() => unknown)[],
  random: () => number,
): Promise<Scene> {
  const broker = new URL(rabbit.url);
  const brokerProxy = await startTcpProxy(broker.hostname, Number(broker.port));
  closing.push(() => brokerProxy.close());
  const emulatorPort = await freePort();
  const portalProxy = await startTcpProxy('127.0.0.1', emulatorPort);
  closing.push(() => portalProxy.close());
  const emulator = await startEmulator({
    port: emulatorPort,
    publicUrl: `http://127.0.0.1:${portalProxy.port}`,
    authorizationServers: ['eastern'],
  });
  closing.push(() => emulator.close());
  // Times without an offset count as UTC.
  const quick = { ratePerSecond: 100, burst: 1000, serviceTimeMs: 15, utcOffset: '+00:00' };
  const portals = [
    emulator.addPortal({ name: 'acme', ...quick }),
    emulator.addPortal({ name: 'globex', ...quick }),
    emulator.addPortal({ name: 'basic', extended: false, ...quick }),
    emulator.addPortal({ name: 'zavod', authorizationServer: 'eastern', ...quick }),
    emulator.addPortal({ name: 'werk', selfHosted: true, errorPages: [401], ...quick }),
  ];
  const names = topologyNames('torture');
  const bridge = new BridgeProcess({
    AMQP_PREFIX: 'torture',
    RABBITMQ_URL: rabbit.url.replace(`:${broker.port}`, `:${brokerProxy.port}`),
    B24_OAUTH_URL: `${emulator.url},${emulator.authorizationServer('eastern').url}`,
    B24_CLIENT_ID: emulator.clientId,
    B24_CLIENT_SECRET: emulator.clientSecret,
    B24_ALLOW_HTTP: 'true',
    B24_RATE_PER_SECOND: '50',
    B24_RATE_BURST: '500',
    PORTAL_RECHECK_MS: '2000',
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
  const narrow = new NarrowQueue(rabbit.url, names, 'acme.#', random);
  narrow.start();
  closing.push(() => narrow.stop());
  await until('the narrow queue', () => narrow.ready);
  // A quorum queue of RabbitMQ 3.10 that is killed right after its declaration never answers again.
  await rabbit.untilOnDisk(
    names.replies,
    names.unrouted,
    names.dead,
    names.rejected,
    consumer.queue,
    narrow.queue,
  );
  // Bindings are written within two seconds or so.
  await pause(3000);
  bridge.start();
  return { emulator, portals, bridge, consumer, narrow, brokerProxy, portalProxy };
}

/** What the ledger still means to do: deliveries that are not settled, and rows of the journal. */
export function unsettled(bridge: BridgeProcess): number {
  const file = new Libsql(bridge.databaseFile, { readonly: true, timeout: 5000 });
  try {
    const row = file
      .prepare(
        `select (select count(*) from deliveries where held = 1 or state not in ('processed', 'dead'))
          + (select count(*) from journal) as count`,
      )
      .get() as { count: number };
    return row.count;
  } finally {
    file.close();
  }
}

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
