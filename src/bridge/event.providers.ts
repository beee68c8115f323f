import { AuditLog } from '../audit/audit-log.js';
import { AuditReader } from '../audit/audit-reader.js';
import { BrokerConnection } from '../broker/connection.js';
import { Settings } from '../config/settings.js';
import { EventDesk } from '../events/event-desk.js';
import { SnapshotDesk } from '../events/snapshots/snapshot-desk.js';
import { EventSearch } from '../events/search/event-search.js';
import { LedgerAdmin } from '../ledger/admin.js';
import { BulkTasks } from '../ledger/bulk-tasks.js';
import { LedgerSearch } from '../ledger/search/ledger-search.js';
import { Snapshots } from '../ledger/snapshots/snapshots.js';
import { Republishing } from '../outcomes/republishing.js';
import { PortalRegistry } from '../portals/registry.js';
import { ReconcileReport } from '../state/reconcile/reconcile-report.js';
import { SnapshotLoops } from '../state/snapshot/snapshot-loops.js';
import { Signals } from '../replicas/signals.js';
import { DATABASE, NAMES } from './injection-tokens.js';
import { provide } from './provide.js';

/** What people see and do of events, and have read of objects: behind the dashboard, the API and the command line. */
export const eventProviders = [
  provide(AuditReader, [DATABASE], (database) => new AuditReader(database)),
  provide(ReconcileReport, [DATABASE], (database) => new ReconcileReport(database)),
  provide(
    EventDesk,
    [LedgerAdmin, Signals, AuditLog, BulkTasks],
    (books, signals, audit, tasks) =>
      new EventDesk(books, (memberIds) => signals.due(memberIds), audit, tasks),
  ),
  provide(
    SnapshotDesk,
    [Snapshots, AuditLog, SnapshotLoops],
    (snapshots, audit, loops) => new SnapshotDesk(snapshots, audit, (memberId) => loops.look([memberId])),
  ),
  provide(
    EventSearch,
    [LedgerSearch, PortalRegistry],
    (ledger, registry) => new EventSearch(ledger, registry),
  ),
  provide(
    Republishing,
    [BrokerConnection, NAMES, LedgerAdmin, PortalRegistry, Signals, Settings, AuditLog],
    (broker, names, books, registry, signals, settings, audit) =>
      new Republishing({
        openChannel: () => broker.openConfirmChannel(),
        ours: () => !broker.withoutPrefix,
        names,
        books,
        installed: (memberId) => registry.get(memberId) !== undefined,
        due: (memberIds) => signals.due(memberIds),
        maxBytes: settings.REPLY_MAX_BYTES,
        audit,
      }),
  ),
];
