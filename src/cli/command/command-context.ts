import { existsSync } from 'node:fs';
import { type PortalClient } from '../../bitrix24/portal-client.js';
import { shownAddress } from '../../bitrix24/portal-address.js';
import { within } from '../../timing/within.js';
import { type Settings } from '../../config/settings.js';
import { portalNames } from '../../contract/portal-name.js';
import { type Database, openDatabase } from '../../database/database.js';
import { type DatabaseIdentity, ensureIdentity } from '../../database/identity.js';
import { migrate, pendingMigrations } from '../../database/migrate.js';
import { type AuditAction, type AuditLog } from '../../audit/audit-log.js';
import { type AuditFilter, listEntries, type StoredEntry } from '../../audit/entries.js';
import { EventDesk } from '../../events/event-desk.js';
import { SnapshotDesk } from '../../events/snapshots/snapshot-desk.js';
import { EventSearch } from '../../events/search/event-search.js';
import { Snapshots } from '../../ledger/snapshots/snapshots.js';
import { LedgerSearch } from '../../ledger/search/ledger-search.js';
import { LedgerAdmin } from '../../ledger/admin.js';
import { BulkTasks } from '../../ledger/bulk-tasks.js';
import { SeveralPortals } from '../../portals/find-portal.js';
import { Pauses } from '../../portals/pauses.js';
import { PinnedNames } from '../../portals/pinned-names.js';
import { type Portal } from '../../portals/portal-record.js';
import { PortalRegistry } from '../../portals/registry.js';
import { ReconcileReport } from '../../state/reconcile/reconcile-report.js';
import { TokenVault, TokenVaultError } from '../../portals/token-vault.js';
import { commandLineAudit } from './command-line-audit.js';
import { nearestOf } from './nearest.js';
import { CommandFailed } from './command-result.js';
import { operatingSystemUser } from './operating-system-user.js';
import { type Outbound } from './outbound.js';
import { type Log } from '../../logging/log.js';
import { reasonOf } from '../../logging/reason.js';

const DATABASE_MS = 10_000;
/** What a command does it says by itself; the service beside us writes the log. */
const nothing = () => undefined;
const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * What commands work with: the running service's database, and clients of its portals. Nothing is kept
 * in memory that the service may change: tokens are read from the database right before they are used or renewed.
 */
export class CommandContext {
  private calling: Promise<Outbound> | null = null;
  /** Who has called the command. */
  readonly actor = operatingSystemUser();

  private constructor(
    readonly settings: Settings,
    private readonly database: Database,
    readonly registry: PortalRegistry,
    readonly admin: LedgerAdmin,
    readonly desk: EventDesk,
    readonly pauses: Pauses,
    readonly search: EventSearch,
    /** What PORTAL_NAMES says. */
    readonly pins: PinnedNames,
    readonly audit: AuditLog,
    readonly reconciling: ReconcileReport,
    readonly snapshots: SnapshotDesk,
  ) {}

  /**
   * @param options.create makes a database where there is none
   * @throws {CommandFailed} when the database is missing or cannot be used
   * @throws {TokenVaultError} when the stored tokens cannot be read with the key that is set
   */
  static async open(settings: Settings, options: { create?: boolean } = {}): Promise<CommandContext> {
    if (options.create !== true) requireDatabase(settings.DATABASE_URL);
    let database: Database | null = null;
    try {
      database = openDatabase(settings.DATABASE_URL);
      const pending = await within(DATABASE_MS, pendingMigrations(database));
      if (pending.length > 0) await migrate(database);
      const vault = new TokenVault(settings.TOKEN_ENCRYPTION_KEY);
      const pins = new PinnedNames(settings.PORTAL_NAMES ?? []);
      const registry = new PortalRegistry(database, vault, portalNames, pins);
      await registry.load();
      const admin = new LedgerAdmin(database, settings);
      // The running service finds within seconds what is due.
      const audit = commandLineAudit(database, registry, settings);
      const desk = new EventDesk(admin, () => undefined, audit, new BulkTasks(database, settings));
      const pauses = new Pauses({ registry, changed: () => undefined, audit, log: SILENT });
      const search = new EventSearch(new LedgerSearch(database), registry);
      // So are snapshots.
      const snapshots = new SnapshotDesk(new Snapshots(database), audit, () => undefined);
      return new CommandContext(
        settings,
        database,
        registry,
        admin,
        desk,
        pauses,
        search,
        pins,
        audit,
        new ReconcileReport(database),
        snapshots,
      );
    } catch (error) {
      await database?.db.destroy();
      if (error instanceof TokenVaultError) throw error;
      throw new CommandFailed(`the database cannot be used: ${reasonOf(error)}`);
    }
  }

  /** The portal of a name, a domain or a member id. @throws {CommandFailed} */
  portal(word: string): Portal {
    const found = this.meant(word);
    if (found !== undefined) return found;
    const portals = this.registry.list();
    if (portals.length === 0) throw new CommandFailed(`no portal ${word} is installed; there is none at all`);
    const nearest = nearestOf(
      word,
      portals.flatMap(({ name, clientEndpoint }) => [name, shownAddress(clientEndpoint)]),
    );
    const listed = `there are: ${portals.map(wordsFor).join(', ')}`;
    throw new CommandFailed(
      `no portal ${word} is installed; ${nearest === null ? listed : `did you mean ${nearest}?`}`,
    );
  }

  private meant(word: string): Portal | undefined {
    try {
      return this.registry.meant(word);
    } catch (error) {
      if (error instanceof SeveralPortals) throw new CommandFailed(error.message);
      throw error;
    }
  }

  /** What portals and the authorization server are called with. Loaded on demand: most commands call neither, and start sooner without. */
  outbound(): Promise<Outbound> {
    this.calling ??= import('./outbound.js').then(({ Outbound }) => new Outbound(this.settings));
    return this.calling;
  }

  async clientFor({ memberId }: Portal): Promise<PortalClient> {
    return (await this.outbound()).clientFor(memberId, this.registry);
  }

  /** Writes down what was done to a portal. */
  record(action: AuditAction, { memberId, name }: Portal, detail?: string): Promise<void> {
    return this.audit.record({ actor: this.actor, action, portal: memberId, target: name, detail });
  }

  /** What was done, the latest first; see {@link listEntries}. */
  audited(filter: AuditFilter, limit: number): Promise<StoredEntry[]> {
    return listEntries(this.database.db, filter, limit);
  }

  /** Which database this is. */
  identity(): Promise<DatabaseIdentity> {
    return ensureIdentity(this.database);
  }

  close(): Promise<void> {
    return this.database.db.destroy();
  }
}

/** A portal in a sentence: its name, and its address as one writes it. */
export function wordsFor({ name, clientEndpoint }: Portal): string {
  return `${name} (${shownAddress(clientEndpoint)})`;
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
