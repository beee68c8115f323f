import Libsql from 'libsql';
import { type EmulatedPortal, type Emulator, startEmulator } from '../../emulator/index.js';
import { type PrivateRabbitmq } from '../../scripts/rabbitmq.mjs';
import { topologyNames } from '../../src/broker/topology.js';
import { BridgeProcess } from '../support/bridge-process.js';
import { startProxyTo, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { freePort } from '../../scripts/free-ports.mjs';
import { API_SECRET, learned } from './compare.js';
import { StubbornConsumer } from './consumer.js';
import { Crm } from './crm.js';
import { NarrowQueue } from './narrow-queue.js';

const EVENTS = ['DEAL', 'CONTACT'].flatMap((kind) =>
  ['ADD', 'UPDATE', 'DELETE'].map((action) => `ONCRM${kind}${action}`),
);

/** The built service between portals of every kind and a broker of its own, with a proxy on either side. */
export interface Scene {
  readonly emulator: Emulator;
  readonly portals: readonly EmulatedPortal[];
  /** Contacts of two of them. */
  readonly crm: Crm;
  /** By which the portals and the service go. */
  readonly clock: Clock;
  readonly bridge: BridgeProcess;
  readonly consumer: StubbornConsumer;
  /** Wants the events of the first portal alone. */
  readonly narrow: NarrowQueue;
  readonly brokerProxy: TcpProxy;
  readonly portalProxy: TcpProxy;
}

/** A clock that is ahead of the true one: what takes a minute need not be waited for. */
class Clock {
  private aheadMs = 0;

  constructor(private readonly bridge: () => BridgeProcess) {}

  now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Time passes while the service is down. */
  skip(ms: number): void {
    this.aheadMs += ms;
  }

  /** For a process that has just been started. */
  async set(): Promise<void> {
    if (this.aheadMs > 0) await this.bridge().setClockForward(this.aheadMs);
  }

  /** Time passes while the service is at rest. */
  async pass(ms: number): Promise<void> {
    this.aheadMs += ms;
    await this.bridge().setClockForward(ms);
  }
}

/** Resolves when the service has its portals, their bindings and a consumer. `closing` gets what ends it all. */
export async function setUp(
  rabbit: PrivateRabbitmq,
  closing: (() => unknown)[],
  random: () => number,
): Promise<Scene> {
  const { proxy: brokerProxy, url: throughProxy } = await startProxyTo(rabbit.url);
  closing.push(() => brokerProxy.close());
  const emulatorPort = await freePort();
  const portalProxy = await startTcpProxy('127.0.0.1', emulatorPort);
  closing.push(() => portalProxy.close());
  const clock = new Clock(() => bridge);
  const emulator = await startEmulator({
    now: () => clock.now(),
    port: emulatorPort,
    publicUrl: `http://127.0.0.1:${portalProxy.port}`,
    authorizationServers: ['eastern'],
  });
  closing.push(() => emulator.close());
  // Times without an offset count as UTC.
  const quick = { ratePerSecond: 100, burst: 1000, serviceTimeMs: 15, utcOffset: '+00:00' };
  const portals: readonly EmulatedPortal[] = [
    emulator.addPortal({ name: 'acme', ...quick }),
    emulator.addPortal({ name: 'globex', ...quick }),
    emulator.addPortal({ name: 'basic', extended: false, ...quick }),
    emulator.addPortal({ name: 'zavod', authorizationServer: 'eastern', ...quick }),
    emulator.addPortal({ name: 'werk', selfHosted: true, errorPages: [401], ...quick }),
  ];
  const crm = new Crm(portals.filter(({ name }) => ['globex', 'werk'].includes(name)));
  const names = topologyNames('torture');
  const settings = {
    AMQP_PREFIX: 'torture',
    RABBITMQ_URL: throughProxy,
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
    API_TOKEN: `torture:operate:${API_SECRET}`,
    B24_EVENTS: EVENTS.join(','),
    STATE: 'crm.contact',
    STATE_FIELDS: 'crm.contact:sourceId',
    STATE_WAIT_MS: '3000',
    STATE_CHANGES: 'true',
    RECONCILE: 'crm.contact',
    RECONCILE_EVERY_MS: '2000',
  };
  const bridge: BridgeProcess = new BridgeProcess(settings, { movableClock: true });
  closing.push(() => bridge.remove());
  for (const portal of portals) {
    bridge.start({ B24_DOMAIN: portal.domain, B24_REFRESH_TOKEN: portal.issueRefreshToken() });
    await bridge.logged('portal.installed');
    await until('bindings', () => portal.bindings().length === EVENTS.length);
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
  // What happened before is not known, and so not told.
  await until('what there is to be learned', () => learned(bridge.databaseFile) === portals.length);
  return { emulator, portals, crm, clock, bridge, consumer, narrow, brokerProxy, portalProxy };
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
