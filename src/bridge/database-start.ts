import { setTimeout as pause } from 'node:timers/promises';
import { BRIDGE } from '../audit/actor.js';
import { type AuditLog } from '../audit/audit-log.js';
import { type DatabaseCheck } from '../monitoring/database-check.js';
import { type Database } from '../database/database.js';
import { type DatabaseIdentity, ensureIdentity } from '../database/identity.js';
import { migrate } from '../database/migrate.js';
import { claimSoleProcess, DatabaseInUse } from '../database/sole-process.js';
import { type Log } from '../logging/log.js';
import { type PortalRegistry } from '../portals/registry.js';
import { TokenVaultError } from '../portals/token-vault.js';
import { reasonOf } from '../logging/reason.js';

const DATABASE_RETRY_MS = 2000;

interface DatabaseStartDependencies {
  readonly url: string;
  readonly database: Database;
  readonly registry: PortalRegistry;
  readonly check: DatabaseCheck;
  readonly audit: AuditLog;
  readonly log: Log;
  /** Called when its tables are there, before anything else is written. */
  readonly prepared: (database: Database) => Promise<void>;
}

/** Makes the database ready to be worked with, however long it takes until it is there. */
export class DatabaseStart {
  private giveBack: (() => void) | null = null;

  constructor(private readonly deps: DatabaseStartDependencies) {}

  /**
   * Claims the database, brings its tables up to date and reads who is installed. Gives up, with null, when `signal`
   * says so.
   * @returns which database it is
   * @throws {TokenVaultError} when the stored tokens cannot be read with the key that is set
   * @throws {DatabaseInUse} when another process works on the same SQLite file
   */
  async open(signal: AbortSignal): Promise<DatabaseIdentity | null> {
    const { url, database, registry, check, audit, log } = this.deps;
    while (!signal.aborted) {
      try {
        this.giveBack ??= claimSoleProcess(url, (reason) =>
          log.warn({ event: 'database.lock_by_name', reason }),
        );
        const migrations = await migrate(database);
        const identity = await ensureIdentity(database);
        const portals = await registry.load();
        await this.deps.prepared(database);
        for (const { memberId, from, name } of await registry.applyPins()) {
          log.warn({
            event: 'portal.renamed',
            portal: name,
            memberId,
            former: from,
            by: 'PORTAL_NAMES',
            advice: `its events have routing keys ${name}.# from now on`,
          });
          await audit.record({
            actor: BRIDGE,
            action: 'renamed',
            portal: memberId,
            target: name,
            detail: `from ${from}, by PORTAL_NAMES`,
          });
        }
        check.opened(null);
        log.info({
          event: 'database.ready',
          dialect: database.dialect,
          migrations,
          portals: portals.length,
          identity: identity.id,
        });
        return identity;
      } catch (error) {
        if (error instanceof TokenVaultError || error instanceof DatabaseInUse) throw error;
        const reason = reasonOf(error);
        check.opened(reason);
        log.error({ event: 'database.unavailable', reason, nextInMs: DATABASE_RETRY_MS });
        await pause(DATABASE_RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return null;
  }

  /** Gives the claim back. */
  close(): void {
    this.giveBack?.();
  }
}
