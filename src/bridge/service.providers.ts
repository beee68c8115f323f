import { AuditLog } from '../audit/audit-log.js';
import { OAuthClient } from '../bitrix24/oauth-client.js';
import { BrokerConnection } from '../broker/connection.js';
import { Settings } from '../config/settings.js';
import { Fleet } from '../drain/loop/fleet.js';
import { EventDesk } from '../events/event-desk.js';
import { SnapshotDesk } from '../events/snapshots/snapshot-desk.js';
import { EventSearch } from '../events/search/event-search.js';
import { LedgerAdmin } from '../ledger/admin.js';
import { BulkTasks } from '../ledger/bulk-tasks.js';
import { LedgerSearch } from '../ledger/search/ledger-search.js';
import { Snapshots } from '../ledger/snapshots/snapshots.js';
import { PortalWatch } from '../maintenance/portal-watch.js';
import { HealthChecks } from '../monitoring/health.controller.js';
import { Metrics } from '../monitoring/metrics.js';
import { Republishing } from '../outcomes/republishing.js';
import { Pauses } from '../portals/pauses.js';
import { PortalRegistry } from '../portals/registry.js';
import { SnapshotLoops } from '../state/snapshot/snapshot-loops.js';
import { Signals } from '../replicas/signals.js';
import { FirstPortal } from './first-portal.js';
import { Lifecycle } from './lifecycle.js';
import { OfflineBridge } from './offline-bridge.js';
import { RunningBridge } from './running-bridge.js';
import { DATABASE, LOG, NAMES, REPLICA } from './tokens.js';
import { provide } from './provide.js';

/** What applications and people use. */
export const serviceProviders = [
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
    Pauses,
    [PortalRegistry, Fleet, Signals, AuditLog, LOG],
    (registry, fleet, signals, audit, log) =>
      new Pauses({
        registry,
        changed: (memberId, paused) => {
          if (paused) fleet.paused(memberId);
          else fleet.endPause(memberId);
          signals.portalsChanged();
        },
        audit,
        log,
      }),
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
  provide(
    FirstPortal,
    {
      settings: Settings,
      registry: PortalRegistry,
      oauth: OAuthClient,
      database: DATABASE,
      replica: REPLICA,
      watch: PortalWatch,
      audit: AuditLog,
      log: LOG,
    },
    (parts) => new FirstPortal(parts),
  ),
  provide(
    OfflineBridge,
    {
      lifecycle: Lifecycle,
      checks: HealthChecks,
      names: NAMES,
      registry: PortalRegistry,
      desk: EventDesk,
      signals: Signals,
      metrics: Metrics,
      audit: AuditLog,
      log: LOG,
    },
    (parts): OfflineBridge => new RunningBridge(parts),
  ),
];
