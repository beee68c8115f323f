import {
  type EmulatedPortal,
  type Emulator,
  type PortalOptions,
  startEmulator,
} from '../../emulator/index.js';
import { fallbackPortalName, portalNameFromHost } from '../../src/contract/portal-name.js';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { BridgeInside } from '../support/bridge-inside.js';
import { BridgeProcess } from '../support/bridge-process.js';
import { Downstream } from '../support/downstream.js';
import { type TestBridge } from '../support/test-bridge.js';
import { type BridgeFor } from '../support/test-system.js';
import { until } from '../support/until.js';

const EVENT = 'ONCRMDEALUPDATE';
const HOUR_MS = 3_600_000;

interface ManyPortalsOptions {
  readonly portal?: Partial<PortalOptions>;
  /** Where the service finds a portal, when not at the emulator itself. */
  readonly endpointOf?: (name: string, port: number) => Promise<string | undefined>;
  /** The service is a process of its own; else it runs inside the test's. */
  readonly process?: boolean;
}

/** One service for many portals, each with a trouble of its own. */
export class ManyPortals<Bridge extends TestBridge = TestBridge> {
  private readonly pushed = new Map<string, number>();
  /** Objects by portal, of as many of the received events as were looked at. */
  private readonly objects = new Map<string, Set<string>>();
  private looked = 0;

  private constructor(
    readonly emulator: Emulator,
    readonly bridge: Bridge,
    readonly downstream: Downstream,
  ) {}

  /** Installs portals of these names and resolves when all are drained. */
  static async open<const Options extends ManyPortalsOptions>(
    names: readonly string[],
    settings: Record<string, string>,
    options?: Options,
  ): Promise<ManyPortals<BridgeFor<Options>>>;
  static async open(
    names: readonly string[],
    settings: Record<string, string>,
    { portal, endpointOf, process = false }: ManyPortalsOptions = {},
  ): Promise<ManyPortals> {
    const emulator = await startEmulator();
    const downstream = new Downstream();
    const bridge = new (process ? BridgeProcess : BridgeInside)({
      AMQP_PREFIX: downstream.prefix,
      B24_OAUTH_URL: emulator.url,
      B24_CLIENT_ID: emulator.clientId,
      B24_CLIENT_SECRET: emulator.clientSecret,
      B24_ALLOW_HTTP: 'true',
      B24_EVENTS: EVENT,
      B24_RATE_PER_SECOND: '20',
      DRAIN_INTERVAL_MS: '500',
      SETTLE_AFTER_MS: '1000',
      ...settings,
    });
    const many = new ManyPortals(emulator, bridge, downstream);
    const database = openDatabase(`file:${bridge.databaseFile}`);
    await migrate(database);
    const registry = new PortalRegistry(database, new TokenVault(undefined), (host, memberId) => [
      portalNameFromHost(host) ?? fallbackPortalName(memberId),
    ]);
    for (const name of names) {
      const emulated = emulator.addPortal({ name, ratePerSecond: 50, burst: 500, ...portal });
      const { accessToken, refreshToken } = emulated.issueTokens();
      const clientEndpoint = (await endpointOf?.(name, emulator.port)) ?? emulated.clientEndpoint;
      const { memberId } = emulated;
      await registry.install(
        { accessToken, refreshToken, expiresAt: Date.now() + HOUR_MS, clientEndpoint, memberId },
        null,
      );
    }
    await database.db.destroy();
    bridge.start();
    await bridge.logged('replies.consuming');
    await downstream.start();
    await until('bindings', () => emulator.portals().every((each) => each.bindings().length > 0));
    return many;
  }

  portal(name: string): EmulatedPortal {
    return this.emulator.portal(name);
  }

  /** Changes `count` more objects of every portal. */
  push(count: number): void {
    for (const portal of this.emulator.portals()) {
      const first = (this.pushed.get(portal.name) ?? 0) + 1;
      for (let id = first; id < first + count; id += 1) {
        portal.push({ event: EVENT, data: { FIELDS: { ID: String(id) } } });
      }
      this.pushed.set(portal.name, first + count - 1);
    }
  }

  /** Objects of a portal that were delivered. */
  delivered(name: string): Set<string> {
    const { received } = this.downstream;
    for (; this.looked < received.length; this.looked += 1) {
      const event = received[this.looked];
      if (event !== undefined) this.deliveredOf(String(event.body['portal'])).add(event.objectId);
    }
    return this.deliveredOf(name);
  }

  private deliveredOf(name: string): Set<string> {
    const objects = this.objects.get(name) ?? new Set<string>();
    this.objects.set(name, objects);
    return objects;
  }

  /** Names of portals of which something was not delivered yet, or is held still. */
  unfinished(names: readonly string[]): string[] {
    return names.filter(
      (name) =>
        this.delivered(name).size < (this.pushed.get(name) ?? 0) || this.portal(name).rows().length > 0,
    );
  }

  /** Reasons in the log's lines of this name and portal. */
  reasons(event: string, portal: string): string[] {
    return this.bridge.lines
      .filter(({ message }) => message?.event === event && message['portal'] === portal)
      .map(({ message }) => String(message['reason']));
  }

  async get(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(new URL(path, this.bridge.url));
    return { status: response.status, body: await response.text() };
  }

  /** State of each portal by the metrics. */
  async states(): Promise<Map<string, string>> {
    const { body } = await this.get('/metrics');
    const found = body.matchAll(/^bridge_portal_state\{portal="([^"]+)",state="(\w+)"\} 1$/gm);
    return new Map([...found].map(([, portal = '', state = '']) => [portal, state]));
  }

  /** Ends everything; fails when a stale mark destroyed a row. */
  async close(): Promise<void> {
    await this.bridge.remove();
    try {
      await this.downstream.remove();
    } finally {
      await this.emulator.close();
    }
    this.emulator.assertNothingDestroyed();
  }
}
