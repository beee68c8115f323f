import { type PortalOptions } from '../../emulator/index.js';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { portalNameFromHost } from '../../src/contract/portal-name.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { type Cleanup } from './cleanup.js';
import { startProgram } from './child-program.js';
import { until } from './until.js';

/** Nothing that a request budget would ever hold back. */
export const UNLIMITED = { ratePerSecond: 1e9, burst: 1e9, serviceTimeMs: 0, serviceTimePerRowMs: 0 };

const PUSH_AT_ONCE = 20_000;

interface Greeting {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface PortalCounters {
  readonly requests: number;
  readonly refusals: Readonly<Record<string, number>>;
}

/** Emulated portals in a process of their own, driven over their control interface. */
export class Portals {
  private constructor(
    private readonly greeting: Greeting,
    private readonly cleanup: Cleanup,
  ) {}

  static async start(cleanup: Cleanup): Promise<Portals> {
    let greeting: Greeting | null = null;
    startProgram(cleanup, 'emulator-process.js', {}, (message) => (greeting = message as Greeting));
    await until('the emulator', () => greeting !== null, { timeoutMs: 30_000 });
    return new Portals(greeting as unknown as Greeting, cleanup);
  }

  /** Settings of a service that talks to these portals. */
  get settings(): Record<string, string> {
    return {
      B24_OAUTH_URL: this.greeting.url,
      B24_CLIENT_ID: this.greeting.clientId,
      B24_CLIENT_SECRET: this.greeting.clientSecret,
      B24_ALLOW_HTTP: 'true',
    };
  }

  async add(options: PortalOptions): Promise<Portal> {
    const { memberId, clientEndpoint } = await this.control<{ memberId: string; clientEndpoint: string }>(
      'POST',
      'portals',
      options,
    );
    const { name } = options;
    return new Portal(name, memberId, clientEndpoint, `${this.greeting.url}/${name}/rest/`, this);
  }

  /** Rows that are left in any portal's queue. */
  async rowsLeft(): Promise<number> {
    return (await this.described()).reduce((sum, { rows }) => sum + rows, 0);
  }

  async rowsOf({ name }: Portal): Promise<number> {
    return (await this.control<{ rows: number }>('GET', `portals/${name}`)).rows;
  }

  /** Live changes that a careless call has thrown away. */
  async destroyed(): Promise<number> {
    return (await this.described()).reduce((sum, portal) => sum + portal.destroyed, 0);
  }

  /** A database in which these portals are installed, as if each had done it itself. Returns its `DATABASE_URL`. */
  async installInto(portals: readonly Portal[]): Promise<string> {
    const url = `file:${this.cleanup.folder()}/bridge.db`;
    const database = openDatabase(url);
    try {
      await migrate(database);
      const registry = new PortalRegistry(database, new TokenVault(undefined), (host, memberId) => [
        portalNameFromHost(host) ?? `portal${memberId}`,
      ]);
      for (const portal of portals) {
        const accessToken = await portal.accessToken();
        const { refreshToken } = await this.control<{ refreshToken: string }>(
          'POST',
          `portals/${portal.name}/refresh-token`,
        );
        const { memberId, clientEndpoint } = portal;
        const expiresAt = Date.now() + 3_600_000;
        await registry.install({ memberId, clientEndpoint, accessToken, refreshToken, expiresAt }, null);
      }
    } finally {
      await database.db.destroy();
    }
    return url;
  }

  /** Calls the control interface. @throws Error when it refuses */
  async control<Answer>(verb: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.greeting.url}/_control/${path}`, {
      method: verb,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${verb} ${path}: ${JSON.stringify(answer)}`);
    return answer as Answer;
  }

  private async described(): Promise<{ rows: number; destroyed: number }[]> {
    const { portals } = await this.control<{ portals: { rows: number; destroyed: number }[] }>(
      'GET',
      'portals',
    );
    return portals;
  }
}

/** One emulated portal. */
export class Portal {
  private lastObject = 0;

  constructor(
    readonly name: string,
    readonly memberId: string,
    readonly clientEndpoint: string,
    /** The same REST root by address, for callers that do not resolve `*.localhost`. */
    readonly plainEndpoint: string,
    private readonly portals: Portals,
  ) {}

  /** Changes `count` objects that have not changed before. Returns the first object's id. */
  async change(count: number): Promise<number> {
    const first = this.lastObject + 1;
    this.lastObject += count;
    for (let from = first; from <= this.lastObject; from += PUSH_AT_ONCE) {
      const length = Math.min(PUSH_AT_ONCE, this.lastObject - from + 1);
      const changes = Array.from({ length }, (_, index) => ({
        event: 'ONCRMDEALUPDATE',
        data: { FIELDS: { ID: String(from + index) } },
        userId: '1',
        // Bindings are made by then or not: the backlog is there.
        force: true,
      }));
      await this.portals.control('POST', `portals/${this.name}/push`, { changes });
    }
    return first;
  }

  counters(): Promise<PortalCounters> {
    return this.portals.control('GET', `portals/${this.name}/counters`);
  }

  async accessToken(): Promise<string> {
    const path = `portals/${this.name}/access-token`;
    return (await this.portals.control<{ accessToken: string }>('POST', path)).accessToken;
  }
}
