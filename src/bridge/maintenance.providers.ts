import { BrokerConnection } from '../broker/connection.js';
import { readQueueDepths } from '../broker/queue-depths.js';
import { Settings } from '../config/settings.js';
import { Fleet } from '../drain/loop/fleet.js';
import { EventDesk } from '../events/event-desk.js';
import { BulkTasks } from '../ledger/bulk-tasks.js';
import { Ledger } from '../ledger/ledger.js';
import { Snapshots } from '../ledger/snapshots/snapshots.js';
import { auditOfCommands, auditPurge } from '../maintenance/audit.js';
import { bulkWork } from '../maintenance/bulk-work.js';
import { snapshotWatch } from '../maintenance/snapshot-watch.js';
import { databaseFileWatch } from '../maintenance/database-file.js';
import { HistoryPurge } from '../ledger/history/purge-history.js';
import { UnreadDeliveries } from '../ledger/history/read-unread.js';
import { historyUpkeep, ledgerPurge } from '../maintenance/ledger-purge.js';
import { reconcileAsked } from '../maintenance/reconcile-asked.js';
import { LastStatesPurge } from '../ledger/last-states/last-states-purge.js';
import { lastStatesJob } from '../maintenance/last-states-job.js';
import { Periodic } from '../maintenance/periodic.js';
import { PortalWatch } from '../maintenance/portal-watch.js';
import { tokenRenewal } from '../maintenance/token-renewal.js';
import { Metrics } from '../monitoring/metrics.js';
import { InstallationDecisions } from '../portals/installation-decisions.js';
import { PortalRegistry } from '../portals/registry.js';
import { SnapshotLoops } from '../state/snapshot/snapshot-loops.js';
import { RefreshersByPortal } from '../portals/refreshers-by-portal.js';
import { DATABASE, JOBS, LOG, NAMES, RECONCILED, REPLICA } from './injection-tokens.js';
import { provide } from './provide.js';

const QUEUE_DEPTHS_EVERY_MS = 15_000;
/** Installations that could not be decided are looked at this often; most of the time there are none. */
const TRIALS_EVERY_MS = 5_000;

/** What runs again and again. */
export const maintenanceProviders = [
  provide(
    JOBS,
    {
      settings: Settings,
      database: DATABASE,
      ledger: Ledger,
      watch: PortalWatch,
      decisions: InstallationDecisions,
      registry: PortalRegistry,
      refreshers: RefreshersByPortal,
      fleet: Fleet,
      replica: REPLICA,
      broker: BrokerConnection,
      names: NAMES,
      metrics: Metrics,
      tasks: BulkTasks,
      desk: EventDesk,
      reconciled: RECONCILED,
      snapshots: Snapshots,
      loops: SnapshotLoops,
      log: LOG,
    },
    (parts) => {
      const { broker, registry, log } = parts;
      const isOurs = (memberId: string) => parts.replica.ownership.permit(memberId) !== null;
      return [
        databaseFileWatch(parts.database, log),
        ledgerPurge(parts.ledger, log),
        historyUpkeep(
          new HistoryPurge(parts.database, parts.settings),
          new UnreadDeliveries(parts.database),
          log,
        ),
        lastStatesJob(new LastStatesPurge(parts.database, parts.settings), log),
        bulkWork(parts.tasks, (seqs) => parts.desk.notice(seqs), log),
        snapshotWatch(parts.snapshots, parts.loops, log),
        auditPurge(parts.database, parts.settings.AUDIT_DAYS, log),
        auditOfCommands(parts.database, log),
        parts.watch.job(),
        ...(parts.reconciled.none ? [] : [reconcileAsked(parts.database, parts.fleet, log)]),
        new Periodic('installation_trials', TRIALS_EVERY_MS, () => parts.decisions.retry(isOurs), log),
        tokenRenewal({
          portals: () =>
            broker.withoutPrefix ? [] : registry.list().filter(({ memberId }) => isOurs(memberId)),
          renew: (memberId) => parts.refreshers.renew(memberId),
          unauthorized: (memberId, reason) => parts.fleet.setState(memberId, 'unauthorized', reason),
          log,
        }),
        new Periodic(
          'queue_depths',
          QUEUE_DEPTHS_EVERY_MS,
          async () => parts.metrics.queueDepths(await readQueueDepths(broker, parts.names)),
          log,
        ),
      ];
    },
  ),
];
