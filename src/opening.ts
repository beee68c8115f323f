import { setTimeout as pause } from 'node:timers/promises';
import { type DatabaseCheck } from './database-check.js';
import { type Database } from './database/database.js';
import { migrate } from './database/migrate.js';
import { claimSoleProcess, DatabaseInUse } from './database/sole-process.js';
import { type Log } from './log.js';
import { type PortalRegistry } from './portals/registry.js';
import { TokenVaultError } from './portals/token-vault.js';

const DATABASE_RETRY_MS = 2000;

export interface OpeningDependencies {
  readonly url: string;
  readonly database: Database;
  readonly registry: PortalRegistry;
  readonly check: DatabaseCheck;
  readonly log: Log;
}

/** Makes the database ready to be worked with, however long it takes until it is there. */
export class Opening {
  private giveBack: (() => void) | null = null;

  constructor(private readonly deps: OpeningDependencies) {}

  /**
   * Claims the database, brings its tables up to date and reads who is installed. Gives up when `signal` says so.
   * @throws {TokenVaultError} when the stored tokens cannot be read with the key that is set
   * @throws {DatabaseInUse} when another process works on the same SQLite file
   */
  async open(signal: AbortSignal): Promise<void> {
    const { url, database, registry, check, log } = this.deps;
    while (!signal.aborted) {
      try {
        this.giveBack ??= claimSoleProcess(url);
        const migrations = await migrate(database);
        const portals = await registry.load();
        check.opened(null);
        log.info({
          event: 'database.ready',
          dialect: database.dialect,
          migrations,
          portals: portals.length,
        });
        return;
      } catch (error) {
        if (error instanceof TokenVaultError || error instanceof DatabaseInUse) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        check.opened(reason);
        log.error({ event: 'database.unavailable', reason, nextInMs: DATABASE_RETRY_MS });
        await pause(DATABASE_RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Gives the claim back. */
  close(): void {
    this.giveBack?.();
  }
}
