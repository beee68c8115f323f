import {
  type EmulatedPortal,
  type Emulator,
  type EmulatorOptions,
  type PortalOptions,
  startEmulator,
} from '../../emulator/index.js';
import { type TestDatabase } from '../ledger/databases.js';
import { BridgeInside } from './bridge-inside.js';
import { BridgeProcess } from './bridge-process.js';
import { Downstream, type Received } from './downstream.js';
import { type TestBridge } from './test-bridge.js';
import { until } from './until.js';

/** `JOURNEYS_ON=postgres` runs journeys that do not look into the database on PostgreSQL; else it is SQLite. */
const ON_POSTGRES = process.env['JOURNEYS_ON'] === 'postgres';

export interface TestSystemOptions {
  readonly portal?: Partial<PortalOptions>;
  readonly emulator?: EmulatorOptions;
  /** Address of a broker of the test's own, or addresses of its nodes, comma-separated. */
  readonly broker?: string;
  readonly settings?: Record<string, string>;
  /** The service is a process of its own; else it runs inside the test's. */
  readonly process?: boolean;
  /** It is one, and: {@link BridgeProcess.setClockForward}. */
  readonly movableClock?: boolean;
  readonly onEvent?: (event: Received, downstream: Downstream) => void;
  /** Queue and dead-letter exchange of the downstream service; false: it consumes nothing. */
  readonly consume?: { bindings?: string[]; deadLetterToFailures?: boolean; quorum?: boolean } | false;
}

/** What runs the service for these options. */
export type BridgeFor<Options> = Options extends { readonly process: true } | { readonly movableClock: true }
  ? BridgeProcess
  : TestBridge;

/** One portal, the real service, the real broker and a downstream service: what most journeys need. */
export class TestSystem<Bridge extends TestBridge = TestBridge> {
  private constructor(
    readonly emulator: Emulator,
    readonly portal: EmulatedPortal,
    readonly bridge: Bridge,
    readonly downstream: Downstream,
    private readonly database: TestDatabase | null,
  ) {}

  /** Resolves when the portal is installed, its events are bound and the downstream service consumes. */
  static async open<const Options extends TestSystemOptions>(
    options?: Options,
  ): Promise<TestSystem<BridgeFor<Options>>>;
  static async open(options: TestSystemOptions = {}): Promise<TestSystem> {
    const system = await TestSystem.prepare(options);
    try {
      await system.setOut(options);
    } catch (error) {
      // Nobody else can: the caller has no system.
      await system.close().catch(() => undefined);
      throw error;
    }
    return system;
  }

  /** Everything but the service's start. */
  static async prepare<const Options extends TestSystemOptions>(
    options?: Options,
  ): Promise<TestSystem<BridgeFor<Options>>>;
  static async prepare(options: TestSystemOptions = {}): Promise<TestSystem> {
    const { portal: portalOptions, settings, onEvent, broker, movableClock = false } = options;
    const emulator = await startEmulator(options.emulator);
    const portal = emulator.addPortal({ name: 'acme', ...portalOptions });
    const downstream = new Downstream(onEvent, undefined, broker);
    const database = ON_POSTGRES ? await (await import('../ledger/databases.js')).postgres.create() : null;
    const bridgeSettings = {
      // Whoever starts after a kill waits for the leases of his predecessor.
      ...(database === null ? {} : { DATABASE_URL: database.url, LEASE_MS: '3000' }),
      AMQP_PREFIX: downstream.prefix,
      B24_OAUTH_URL: [...emulator.authorizationServers.values()].map(({ url }) => url).join(','),
      B24_CLIENT_ID: emulator.clientId,
      B24_CLIENT_SECRET: emulator.clientSecret,
      B24_ALLOW_HTTP: 'true',
      B24_DOMAIN: portal.domain,
      B24_REFRESH_TOKEN: portal.issueRefreshToken(),
      DRAIN_INTERVAL_MS: '300',
      SETTLE_AFTER_MS: '1500',
      RETRY_BASE_DELAY_MS: '600000',
      ...(broker === undefined ? {} : { RABBITMQ_URL: broker }),
      ...settings,
    };
    const bridge =
      options.process === true || movableClock
        ? new BridgeProcess(bridgeSettings, { movableClock })
        : new BridgeInside(bridgeSettings);
    return new TestSystem(emulator, portal, bridge, downstream, database);
  }

  /** Changes objects `from` to `to`, one event each. */
  push(from: number, to: number, event = 'ONCRMDEALUPDATE'): void {
    for (let id = from; id <= to; id += 1) {
      this.portal.push({ event, data: { FIELDS: { ID: String(id) } }, userId: '1' });
    }
  }

  /** Object ids delivered so far. */
  delivered(): Set<string> {
    return new Set(this.downstream.received.map((event) => event.objectId));
  }

  async get(path: string): Promise<{ status: number; body: string }> {
    const url = new URL(path, this.bridge.url);
    const response = await fetch(url).catch((error: unknown) => {
      // The server ends a connection after so many requests, and may do it just when one more is sent.
      const { code } = (error as { cause?: { code?: string } }).cause ?? {};
      if (code !== 'UND_ERR_SOCKET') throw error;
      return fetch(url);
    });
    return { status: response.status, body: await response.text() };
  }

  /** Resolves when the service that was started last is ready. */
  async ready(): Promise<void> {
    await this.bridge.logged('http.listening');
    await until('readiness', async () => (await this.get('/health/ready')).status === 200);
  }

  private async setOut({ consume = {}, settings }: TestSystemOptions): Promise<void> {
    this.bridge.start();
    await this.bridge.logged('portal.installed');
    if (consume !== false) {
      await this.downstream.start({
        ...(consume.bindings === undefined ? {} : { bindings: consume.bindings }),
        ...(consume.quorum === undefined ? {} : { quorum: consume.quorum }),
        ...(consume.deadLetterToFailures === true ? { deadLetterTo: this.downstream.names.failures } : {}),
      });
    }
    const wanted = settings?.['B24_EVENTS']?.split(',').length ?? 3;
    await until('bindings', () => this.portal.bindings().length >= wanted);
  }

  /** Ends everything; fails when a stale mark destroyed a row or a message broke the published contract. */
  async close(): Promise<void> {
    await this.bridge.remove();
    try {
      await this.downstream.remove();
    } finally {
      await this.emulator.close();
      await this.database?.remove();
    }
    this.emulator.assertNothingDestroyed();
  }
}
