import { existsSync } from 'node:fs';
import { HttpService } from '@nestjs/axios';
import { OAuthClient } from '../bitrix24/oauth-client.js';
import { PortalClient } from '../bitrix24/portal-client.js';
import { RateBudget } from '../bitrix24/rate-budget.js';
import { TokenKeeper } from '../bitrix24/token-keeper.js';
import { within } from '../broker/deadlines.js';
import { type Settings } from '../config.js';
import { portalNames } from '../contract/portal-name.js';
import { type Database, openDatabase } from '../database/database.js';
import { migrate, pendingMigrations } from '../database/migrate.js';
import { LedgerAdmin } from '../ledger/admin.js';
import { type Portal, PortalRegistry } from '../portals/registry.js';
import { TokenVault, TokenVaultError } from '../portals/token-vault.js';
import { redact } from '../redact.js';
import { CommandFailed } from './command-result.js';

/** How long a command waits for an answer of a portal or an authorization server. */
const ANSWER_MS = 30_000;
const DATABASE_MS = 10_000;

/**
 * What commands work with: the same database as the service beside us, and clients of its portals. Nothing is kept
 * in memory that the service may change: tokens are read from the database right before they are used or renewed.
 */
export class Workbench {
  private constructor(
    readonly settings: Settings,
    private readonly database: Database,
    private readonly http: HttpService,
    readonly registry: PortalRegistry,
    readonly admin: LedgerAdmin,
    readonly oauth: OAuthClient,
  ) {}

  /**
   * @param options.create makes a database where there is none
   * @throws {CommandFailed} when the database is missing or cannot be used
   * @throws {TokenVaultError} when the stored tokens cannot be read with the key that is set
   */
  static async open(settings: Settings, options: { create?: boolean } = {}): Promise<Workbench> {
    if (options.create !== true) requireDatabase(settings.DATABASE_URL);
    const http = new HttpService();
    const oauth = oauthClient(settings, http);
    let database: Database | null = null;
    try {
      database = openDatabase(settings.DATABASE_URL);
      const pending = await within(DATABASE_MS, pendingMigrations(database));
      if (pending.length > 0) await migrate(database);
      const vault = new TokenVault(settings.TOKEN_ENCRYPTION_KEY);
      const registry = new PortalRegistry(database, vault, portalNames);
      await registry.load();
      return new Workbench(settings, database, http, registry, new LedgerAdmin(database, settings), oauth);
    } catch (error) {
      await database?.db.destroy();
      if (error instanceof TokenVaultError) throw error;
      throw new CommandFailed(`the database cannot be used: ${reasonOf(error)}`);
    }
  }

  /** The portal of a name, a domain or a member id. @throws {CommandFailed} */
  portal(word: string): Portal {
    const host = word
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace(/\/.*$/, '');
    const found = this.registry
      .list()
      .find(({ name, domain, memberId }) => name === host || domain === host || memberId === word);
    if (found !== undefined) return found;
    const known = this.registry.list().map(({ name, domain }) => `${name} (${domain})`);
    throw new CommandFailed(
      `no portal ${word} is installed; ${known.length === 0 ? 'there is none at all' : `there are: ${known.join(', ')}`}`,
    );
  }

  /** A client of a portal with a rate budget of its own, beside the service's. */
  clientFor({ memberId }: Portal): PortalClient {
    const { settings, registry, http } = this;
    const store = {
      load: async () => {
        const portal = await registry.current(memberId);
        if (portal === undefined) throw new CommandFailed('the portal was removed meanwhile');
        return portal;
      },
      save: async (...saved: Parameters<PortalRegistry['saveTokens']>) => {
        await registry.saveTokens(...saved);
      },
    };
    return new PortalClient({
      tokens: new TokenKeeper(memberId, store, this.oauth),
      budget: new RateBudget({ perSecond: settings.B24_RATE_PER_SECOND, burst: settings.B24_RATE_BURST }),
      http,
      timeoutMs: ANSWER_MS,
      authConnector: settings.B24_AUTH_CONNECTOR,
      allowHttp: settings.B24_ALLOW_HTTP,
    });
  }

  close(): Promise<void> {
    return this.database.db.destroy();
  }
}

/** A client of the configured authorization server. */
export function oauthClient(settings: Settings, http: HttpService): OAuthClient {
  return new OAuthClient({
    url: settings.B24_OAUTH_URL,
    clientId: settings.B24_CLIENT_ID,
    clientSecret: settings.B24_CLIENT_SECRET,
    http,
    allowHttp: settings.B24_ALLOW_HTTP,
    timeoutMs: ANSWER_MS,
  });
}

/** Opening a database file that is not there would make one, and the wrong folder would look like an empty ledger. */
export function databaseIsMissing(url: string): boolean {
  return url.startsWith('file:') && !existsSync(url.slice('file:'.length));
}

function requireDatabase(url: string): void {
  if (!databaseIsMissing(url)) return;
  throw new CommandFailed(
    `there is no database ${url}: run this in the service's folder, or set DATABASE_URL as the service has it`,
  );
}

/** What went wrong, in one line, without the user and password of an address. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return redact((message === '' && error instanceof Error ? error.name : message).replace(/\s+/g, ' '), []);
}
