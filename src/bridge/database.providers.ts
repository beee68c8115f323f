import { AuditLog } from '../audit/audit-log.js';
import { StoredAuditLog } from '../audit/stored-audit-log.js';
import { Settings } from '../config/settings.js';
import { openDatabase } from '../database/database.js';
import { LedgerAdmin } from '../ledger/admin.js';
import { BulkTasks } from '../ledger/bulk-tasks.js';
import { LedgerSearch } from '../ledger/search/ledger-search.js';
import { Ledger } from '../ledger/ledger.js';
import { DatabaseCheck } from '../monitoring/database-check.js';
import { PortalRegistry } from '../portals/registry.js';
import { forgetTypes } from '../state/reconcile/memory/forget.js';
import { DatabaseStart } from './database-start.js';
import { Secrets } from './secrets.js';
import { DATABASE, LOG, RECONCILED } from './injection-tokens.js';
import { provide } from './provide.js';

/** The database and what reads and writes it. Nothing is opened before it is used. */
export const databaseProviders = [
  provide(DATABASE, [Settings], (settings) =>
    openDatabase(settings.DATABASE_URL, { idleInTransactionMs: settings.LEASE_MS }),
  ),
  provide(Ledger, [DATABASE, Settings, RECONCILED], (database, settings, reconciled) => {
    const ledger = new Ledger(database, settings);
    return reconciled.none ? ledger : ledger.noting((event, data) => reconciled.mentionOf(event, data));
  }),
  provide(LedgerAdmin, [DATABASE, Settings], (...parts) => new LedgerAdmin(...parts)),
  provide(BulkTasks, [DATABASE, Settings], (...parts) => new BulkTasks(...parts)),
  provide(LedgerSearch, [DATABASE], (database) => new LedgerSearch(database)),
  provide(
    AuditLog,
    [DATABASE, LOG, PortalRegistry, Secrets],
    (database, log, registry, secrets): AuditLog =>
      new StoredAuditLog({
        database,
        log,
        nameOf: (memberId) => registry.nameOf(memberId),
        secrets: (text) => secrets.foundIn(text),
      }),
  ),
  provide(
    DatabaseCheck,
    [DATABASE, Ledger, PortalRegistry],
    (database, ledger, registry) =>
      new DatabaseCheck(() => {
        const [portal] = registry.list();
        return portal === undefined
          ? database.db.selectFrom('portals').select('member_id').limit(1).execute()
          : ledger.probe(portal.memberId);
      }),
  ),
  provide(
    DatabaseStart,
    {
      settings: Settings,
      database: DATABASE,
      registry: PortalRegistry,
      check: DatabaseCheck,
      audit: AuditLog,
      reconciled: RECONCILED,
      log: LOG,
    },
    ({ settings, reconciled, ...parts }) =>
      new DatabaseStart({
        url: settings.DATABASE_URL,
        ...parts,
        prepared: ({ db }) => forgetTypes(db, (entityTypeId) => reconciled.includes(entityTypeId)),
      }),
  ),
];
