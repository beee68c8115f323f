import { type EmulatedPortal, type Emulator, startEmulator } from '../../emulator/index.js';
import { portalNames } from '../../src/contract/portal-name.js';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { postgres, type TestDatabase } from '../ledger/databases.js';
import { BridgeProcess } from '../support/bridge-process.js';
import { Downstream, type Received } from '../support/downstream.js';
import { until } from '../support/until.js';

/** Long enough for a process on a machine that is busy with other things to renew it in time. */
export const LEASE_MS = 5000;
/** A failover is promised within a lease and 3 s; the rest is for a machine that is busy with other things. */
export const FAILOVER_WITHIN_MS = LEASE_MS + 3000 + 7000;

/** Several processes that start at once, on a machine that is busy with other things. */
export const START_WITHIN_MS = 60_000;

export const EVENT = 'ONCRMDEALUPDATE';
const HOUR_MS = 3_600_000;

/** Several services on one PostgreSQL database and one broker, and the portals that they share. */
export class ReplicaSet {
  readonly replicas: BridgeProcess[] = [];
  private readonly pushed = new Map<string, number>();

  private constructor(
    readonly emulator: Emulator,
    readonly database: TestDatabase,
    readonly downstream: Downstream,
    private readonly settings: Record<string, string>,
  ) {}

  /** Prepares portals of these names, and installs them unless told otherwise; starts no replica. */
  static async prepare(
    names: readonly string[],
    {
      settings = {},
      installed = true,
      serviceTimeMs = 30,
      onEvent,
    }: {
      settings?: Record<string, string>;
      installed?: boolean;
      serviceTimeMs?: number;
      onEvent?: (event: Received, downstream: Downstream) => void;
    } = {},
  ): Promise<ReplicaSet> {
    const emulator = await startEmulator();
    const place = await postgres.create();
    const downstream = new Downstream(onEvent);
    const set = new ReplicaSet(emulator, place, downstream, {
      AMQP_PREFIX: downstream.prefix,
      DATABASE_URL: place.url,
      LEASE_MS: String(LEASE_MS),
      B24_OAUTH_URL: emulator.url,
      B24_CLIENT_ID: emulator.clientId,
      B24_CLIENT_SECRET: emulator.clientSecret,
      B24_ALLOW_HTTP: 'true',
      B24_EVENTS: EVENT,
      B24_RATE_PER_SECOND: '20',
      DRAIN_INTERVAL_MS: '200',
      SETTLE_AFTER_MS: '1000',
      FAILURE_BATCH_WAIT_MS: '100',
      RETRY_BASE_DELAY_MS: '600000',
      ...settings,
    });
    const portals = names.map((name) =>
      emulator.addPortal({ name, ratePerSecond: 50, burst: 500, serviceTimeMs }),
    );
    if (installed) await set.install(portals);
    await downstream.start();
    return set;
  }

  /** Starts another replica; does not wait for anything. */
  start(settings: Record<string, string> = {}): BridgeProcess {
    const bridge = new BridgeProcess({ ...this.settings, ...settings });
    this.replicas.push(bridge);
    bridge.start();
    return bridge;
  }

  /** Starts so many replicas and resolves when each has its share. */
  async startAll(count: number, shares: readonly number[]): Promise<void> {
    for (let index = 0; index < count; index += 1) this.start();
    await this.shared(this.replicas, shares, START_WITHIN_MS);
  }

  portals(): EmulatedPortal[] {
    return this.emulator.portals();
  }

  /** Changes `count` more objects of every portal. */
  push(count: number): void {
    for (const portal of this.portals()) {
      const first = (this.pushed.get(portal.name) ?? 0) + 1;
      for (let id = first; id < first + count; id += 1) {
        portal.push({ event: EVENT, data: { FIELDS: { ID: String(id) } } });
      }
      this.pushed.set(portal.name, first + count - 1);
    }
  }

  /** Objects of a portal that were delivered. */
  delivered(name: string): Set<string> {
    const events = this.downstream.received.filter((event) => event.body['portal'] === name);
    return new Set(events.map((event) => event.objectId));
  }

  /** Deliveries beyond the first one of each change. */
  duplicates(): number {
    return this.downstream.received.length - new Set(this.downstream.received.map(({ id }) => id)).size;
  }

  /** Resolves when all that was pushed so far was delivered. */
  async allDelivered(timeoutMs = FAILOVER_WITHIN_MS): Promise<void> {
    const wanted = new Map(this.pushed);
    const missing = () =>
      [...wanted].filter(([name, count]) => this.delivered(name).size < count).map(([name]) => name);
    await this.explained(() => until('every event', () => missing().length === 0, timeoutMs));
  }

  /** Resolves when the portals hold nothing more. */
  async allCleared(timeoutMs = 30_000): Promise<void> {
    await this.explained(() =>
      until('empty queues', () => this.portals().every((portal) => portal.rows().length === 0), timeoutMs),
    );
  }

  /** How many portals each replica owns, by its metrics; null for one that does not answer. */
  async shares(replicas: readonly BridgeProcess[] = this.replicas): Promise<(number | null)[]> {
    return Promise.all(
      replicas.map(async (replica) => figure(await metrics(replica), 'bridge_portals_owned')),
    );
  }

  async shared(
    replicas: readonly BridgeProcess[],
    wanted: readonly number[],
    timeoutMs = FAILOVER_WITHIN_MS,
  ) {
    let last: (number | null)[] = [];
    await this.explained(() =>
      until(
        `shares of ${wanted.join(', ')}`,
        async () => {
          last = (await this.shares(replicas)).sort((a, b) => (b ?? 0) - (a ?? 0));
          return last.join() === wanted.join();
        },
        timeoutMs,
      ).catch((error: unknown) => {
        throw new Error(`shares are ${last.join(', ')}`, { cause: error });
      }),
    );
  }

  /** Names of the portals that a replica owns, by its metrics; how many is told a little before their states. */
  async ownedBy(replica: BridgeProcess): Promise<string[]> {
    let names: string[] = [];
    await until('the states of all portals that a replica owns', async () => {
      const text = await metrics(replica);
      names = [...text.matchAll(/^bridge_portal_state\{portal="([^"]+)",state="active"\} 1$/gm)].map(
        ([, portal = '']) => portal,
      );
      return names.length === figure(text, 'bridge_portals_owned');
    });
    return names.sort();
  }

  /** Ends everything; fails when a stale mark destroyed a row. */
  async close(): Promise<void> {
    for (const replica of this.replicas) {
      replica.signal('SIGCONT');
      await replica.remove();
    }
    await this.downstream.remove();
    await this.emulator.close();
    await this.database.remove();
    this.emulator.assertNothingDestroyed();
  }

  /** What fails in `work` fails with the end of every replica's log. */
  async explained(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const logs = this.replicas.map(({ output }, index) => `--- replica ${index}\n${output.slice(-2500)}`);
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${reason}\n${logs.join('\n')}`, { cause: error });
    }
  }

  /** Installs these as if each had done it itself, by no replica. */
  async install(portals: readonly EmulatedPortal[]): Promise<void> {
    const database = openDatabase(this.database.url);
    await migrate(database);
    const registry = new PortalRegistry(database, new TokenVault(undefined), portalNames);
    for (const portal of portals) {
      const { accessToken, refreshToken } = portal.issueTokens();
      const { memberId, clientEndpoint, applicationToken } = portal;
      const expiresAt = Date.now() + HOUR_MS;
      await registry.install(
        { accessToken, refreshToken, expiresAt, clientEndpoint, memberId },
        applicationToken,
      );
      portal.bind(EVENT);
    }
    await database.db.destroy();
  }
}

export async function metrics(replica: BridgeProcess): Promise<string> {
  try {
    return await (await fetch(new URL('/metrics', replica.url))).text();
  } catch {
    return '';
  }
}

/** The value of a metric without labels; null where it is absent. */
function figure(text: string, name: string): number | null {
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text);
  return found === null ? null : Number(found[1]);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
