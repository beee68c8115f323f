import { type PortalOptions } from '../../emulator/index.js';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { type Cleanup } from './cleanup.js';
import { type ChildProcess } from 'node:child_process';
import { type Backlog } from '../emulator-process.js';
import { startProgram } from './child-program.js';
import { concurrently } from './concurrently.js';
import { until } from './until.js';

/** Nothing that a request budget would ever hold back. */
export const UNLIMITED = { ratePerSecond: 1e9, burst: 1e9, serviceTimeMs: 0, serviceTimePerRowMs: 0 };

/** An ordinary plan, and what requests, rows and pages of objects take on a portal that is not in a hurry. */
export const ORDINARY = {
  ratePerSecond: 2,
  burst: 50,
  serviceTimeMs: 150,
  serviceTimePerRowMs: 0.1,
  serviceTimePerPageMs: 20,
};

const PUSH_AT_ONCE = 20_000;
const CALLS_AT_ONCE = 16;

interface Greeting {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

interface Described {
  readonly rows: number;
  readonly destroyed: number;
  readonly requests: number;
}

/** One notification that a portal has posted. */
export interface Posted {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The handler's answer. */
  readonly status: number | null;
}

interface PortalCounters {
  readonly requests: number;
  /** By method, commands of batches too. */
  readonly perMethod: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
}

/** Emulated portals in a process of their own, driven over their control interface. */
export class Portals {
  private added = 0;

  private constructor(
    private readonly greeting: Greeting,
    private readonly child: ChildProcess,
    private readonly cleanup: Cleanup,
  ) {}

  static async start(cleanup: Cleanup): Promise<Portals> {
    let greeting: Greeting | null = null;
    const child = startProgram(
      cleanup,
      'emulator-process.js',
      {},
      (message) => (greeting = message as Greeting),
    );
    await until('the emulator', () => greeting !== null, { timeoutMs: 30_000 });
    return new Portals(greeting as unknown as Greeting, child, cleanup);
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
    const { name } = options;
    this.added += 1;
    const clientEndpoint = `${this.addressOf(this.added)}/${name}/rest/`;
    const identity = await this.control<Identity>('POST', 'portals', options);
    return new Portal(name, { ...identity, clientEndpoint }, this);
  }

  /** Adds `portal-1`, `portal-2`, … */
  addMany(count: number, options: Omit<PortalOptions, 'name'>): Promise<Portal[]> {
    const names = Array.from({ length: count }, (_, index) => `portal-${index + 1}`);
    return concurrently(names, CALLS_AT_ONCE, (name) => this.add({ name, ...options }));
  }

  /** Changes `each` new objects of every portal, at once. */
  async changeAll(portals: readonly Portal[], each: number): Promise<void> {
    await concurrently(portals, CALLS_AT_ONCE, (portal) => portal.change(each));
  }

  /** Lets a backlog come into being a little ahead of whoever reads it. */
  supply(backlog: Backlog): void {
    this.child.send(backlog);
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

  /** REST requests that all portals have received. */
  async requests(): Promise<number> {
    return (await this.described()).reduce((sum, portal) => sum + portal.requests, 0);
  }

  /** Portals that have received no more than so many requests. */
  async withRequestsUpTo(count: number): Promise<number> {
    return (await this.described()).filter(({ requests }) => requests <= count).length;
  }

  /**
   * A database in which these portals are installed, as if each had done it itself. Returns its `DATABASE_URL`.
   * @param url a database that there is already; a fresh SQLite file without
   */
  async installInto(
    portals: readonly Portal[],
    url = `file:${this.cleanup.folder()}/bridge.db`,
  ): Promise<string> {
    const database = openDatabase(url);
    try {
      await migrate(database);
      const registry = new PortalRegistry(database, new TokenVault(undefined), (_host, memberId) => [
        portals.find(({ identity }) => identity.memberId === memberId)?.name ?? memberId,
      ]);
      const expiresAt = Date.now() + 3_600_000;
      const grants = await concurrently(portals, CALLS_AT_ONCE, async (portal) => {
        const { memberId, clientEndpoint, applicationToken } = portal.identity;
        const accessToken = await portal.accessToken();
        const refreshToken = await portal.refreshToken();
        const grant = { memberId, clientEndpoint, accessToken, refreshToken, expiresAt };
        return { grant, applicationToken };
      });
      for (const { grant, applicationToken } of grants) await registry.install(grant, applicationToken);
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

  /**
   * Every portal has a host of its own, as in life, with connections that nobody shares; and none that this machine's
   * resolver would have to be asked for, whose speed is not what is measured.
   */
  private addressOf(portal: number): string {
    const url = new URL(this.greeting.url);
    url.hostname = `127.1.${portal >> 8}.${portal & 255}`;
    return url.origin;
  }

  private async described(): Promise<Described[]> {
    return (await this.control<{ portals: Described[] }>('GET', 'portals')).portals;
  }
}

interface Identity {
  readonly memberId: string;
  readonly applicationToken: string;
}

/** How a portal introduces itself. */
export interface PortalIdentity extends Identity {
  /** REST root. */
  readonly clientEndpoint: string;
}

/** One emulated portal. */
export class Portal {
  private lastObject = 0;

  constructor(
    readonly name: string,
    readonly identity: PortalIdentity,
    private readonly portals: Portals,
  ) {}

  /** Changes `count` objects that have not changed before, each by its event. Returns the first object's id. */
  async change(
    count: number,
    eventOf: (object: number) => string = () => 'ONCRMDEALUPDATE',
  ): Promise<number> {
    const first = this.lastObject + 1;
    this.lastObject += count;
    for (let from = first; from <= this.lastObject; from += PUSH_AT_ONCE) {
      const length = Math.min(PUSH_AT_ONCE, this.lastObject - from + 1);
      const changes = Array.from({ length }, (_, index) => ({
        event: eventOf(from + index),
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

  /** Notifications of a changed queue, in the order in which they were posted. */
  async posted(): Promise<Posted[]> {
    const posted = await this.portals.control<Posted[]>('GET', `portals/${this.name}/notifications`);
    return posted.sort((a, b) => a.at - b.at);
  }

  /** Rows that nobody has reserved yet, and rows that somebody has. */
  async waiting(): Promise<{ pending: number; held: number }> {
    const count = async (state: string) =>
      (
        await this.portals.control<{ total: number }>(
          'GET',
          `portals/${this.name}/rows?limit=0&state=${state}`,
        )
      ).total;
    return { pending: await count('pending'), held: await count('held') };
  }

  async refreshToken(): Promise<string> {
    const path = `portals/${this.name}/refresh-token`;
    return (await this.portals.control<{ refreshToken: string }>('POST', path)).refreshToken;
  }

  async accessToken(): Promise<string> {
    const path = `portals/${this.name}/access-token`;
    return (await this.portals.control<{ accessToken: string }>('POST', path)).accessToken;
  }
}
