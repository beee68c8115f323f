import { type PortalClient } from '../../bitrix24/portal-client.js';
import { type QueueDepths } from '../../broker/queue-depths.js';
import { type TopologyNames } from '../../broker/topology.js';
import { type UnroutedReport } from '../../broker/unrouted-keys.js';
import { type EventDesk } from '../../events/event-desk.js';
import { type BulkTasks } from '../../ledger/bulk-tasks.js';
import { type SnapshotDesk } from '../../events/snapshots/snapshot-desk.js';
import { type EventSearch } from '../../events/search/event-search.js';
import { type Phrase } from '../../i18n/translate.js';
import { type LedgerAdmin } from '../../ledger/admin.js';
import { type Activity } from '../../monitoring/activity.js';
import { type Reachability } from '../../monitoring/health.controller.js';
import { type Republishing } from '../../outcomes/republishing.js';
import { type Pauses } from '../../portals/pauses.js';
import { type PortalRegistry } from '../../portals/registry.js';
import { type ReplicaReports } from './report-reader.js';

/** What the dashboard shows. */
export abstract class ObservedService {
  abstract readonly registry: Pick<PortalRegistry, 'list' | 'get' | 'byName'>;
  abstract readonly admin: LedgerAdmin;
  abstract readonly desk: EventDesk;
  /** What is done to many deliveries. */
  abstract readonly tasks: Pick<BulkTasks, 'list' | 'stop'>;
  abstract readonly search: EventSearch;
  abstract readonly pauses: Pauses;
  abstract readonly snapshots: Pick<SnapshotDesk, 'list' | 'start' | 'steer'>;
  abstract readonly republishing: Republishing;
  abstract readonly activity: Activity;
  abstract readonly names: TopologyNames;
  abstract readonly settings: {
    readonly AUDIT_DAYS: number;
    readonly HISTORY_DAYS: number;
    readonly RETRY_MAX_ATTEMPTS: number;
    readonly LATE_FAILURE_WINDOW_MS: number;
    readonly DRAIN_LIMIT: number;
    readonly RETRY_BY_HAND_PER_SECOND: number;
    readonly RECONCILE?: readonly string[];
  };

  abstract checks(): Readonly<Record<string, () => Promise<Reachability>>>;
  /** Why the broker cannot be used, in the reader's language; null where it can, or where that is not known. */
  abstract brokerSaid(): Phrase | null;
  abstract queueDepths(): Promise<QueueDepths>;
  /** Routing keys that no queue is bound for, as far as this process has seen them. */
  abstract unrouted(): UnroutedReport;
  /** The replica that owns each portal, by member id; null where there is only one process. */
  abstract owners(): Promise<ReadonlyMap<string, string> | null>;
  /** What other replicas tell of portals, by replica and member id; only an owner's word counts. */
  abstract reports(): Promise<ReplicaReports>;
  /** Whether a portal's rounds run in this process. */
  abstract runsRounds(memberId: string): boolean;
  /** The client of a portal's rounds; undefined where another process runs them. */
  abstract clientOf(memberId: string): Pick<PortalClient, 'batch' | 'budgetReport'> | undefined;
}
