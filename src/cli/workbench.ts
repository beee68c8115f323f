import { existsSync } from 'node:fs';
import { type PortalClient } from '../bitrix24/portal-client.js';
import { within } from '../broker/deadlines.js';
import { type Settings } from '../config.js';
import { portalNames } from '../contract/portal-name.js';
import { type Database, openDatabase } from '../database/database.js';
import { migrate, pendingMigrations } from '../database/migrate.js';
import { LedgerAdmin } from '../ledger/admin.js';
import { type Portal, PortalRegistry } from '../portals/registry.js';
import { TokenVault, TokenVaultError } from '../portals/token-vault.js';
import { CommandFailed } from './command-result.js';
import { type Outbound } from './outbound.js';
import { reasonOf } from './reason.js';

const DATABASE_MS = 10_000;

/**
 * What commands work with: the same database as the service beside us, and clients of its portals. Nothing is kept
 * in memory that the service may change: tokens are read from the database right before they are used or renewed.
 */
export class Workbench {
  private calling: Promise<Outbound> | null = null;

  private constructor(
    readonly settings: Settings,
    private readonly database: Database,
    readonly registry: PortalRegistry,
    readonly admin: LedgerAdmin,
  ) {}

  /**
   * @param options.create makes a database where there is none
   * @throws {CommandFailed} when the database is missing or cannot be used
   * @throws {TokenVaultError} when the stored tokens cannot be read with the key that is set
   */
  static async open(settings: Settings, options: { create?: boolean } = {}): Promise<Workbench> {
    if (options.create !== true) requireDatabase(settings.DATABASE_URL);
    let database: Database | null = null;
    try {
      database = openDatabase(settings.DATABASE_URL);
      const pending = await within(DATABASE_MS, pendingMigrations(database));
      if (pending.length > 0) await migrate(database);
      const vault = new TokenVault(settings.TOKEN_ENCRYPTION_KEY);
      const registry = new PortalRegistry(database, vault, portalNames);
      await registry.load();
      return new Workbench(settings, database, registry, new LedgerAdmin(database, settings));
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

  /** What portals and the authorization server are called with. Most commands call nobody, and start sooner without. */
  outbound(): Promise<Outbound> {
    this.calling ??= import('./outbound.js').then(({ Outbound }) => new Outbound(this.settings));
    return this.calling;
  }

  async clientFor({ memberId }: Portal): Promise<PortalClient> {
    return (await this.outbound()).clientFor(memberId, this.registry);
  }

  close(): Promise<void> {
    return this.database.db.destroy();
  }
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
