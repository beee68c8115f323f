import { AuditLog } from '../audit/audit-log.js';
import { OAuthClient } from '../bitrix24/oauth-client.js';
import { BrokerConnection } from '../broker/connection.js';
import { Publisher } from '../broker/publisher.js';
import { OutboundHttp } from '../bitrix24/outbound-routes.js';
import { Settings } from '../config/settings.js';
import { Fleet } from '../drain/loop/fleet.js';
import { PortalWatch } from '../maintenance/portal-watch.js';
import { EventDesk } from '../events/event-desk.js';
import { HealthChecks } from '../monitoring/health.controller.js';
import { Metrics } from '../monitoring/metrics.js';
import { ReplyCollector } from '../outcomes/reply-collector.js';
import { ReplyServer } from '../outcomes/reply-server.js';
import { Offers } from '../portals/offers.js';
import { PortalRegistry } from '../portals/registry.js';
import { Signals } from '../replicas/signals.js';
import { DatabaseStart } from './database-start.js';
import { FirstPortalStep } from './first-portal-step.js';
import { provide } from './provide.js';
import { ReplicaReport } from './replica-report.js';
import { DATABASE, JOBS, LOG, NAMES, REJECTER, REPLICA } from './injection-tokens.js';
import { Lifecycle } from './lifecycle.js';
import { OfflineBridge } from './offline-bridge.js';
import { RunningBridge } from './running-bridge.js';

/** What starts and stops all the others, and what applications hold of them. */
export const lifecycleProviders = [
  provide(
    FirstPortalStep,
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
    (parts) => new FirstPortalStep(parts),
  ),
  provide(
    Lifecycle,
    {
      settings: Settings,
      http: OutboundHttp,
      broker: BrokerConnection,
      publisher: Publisher,
      rejecter: REJECTER,
      database: DATABASE,
      databaseStart: DatabaseStart,
      registry: PortalRegistry,
      offers: Offers,
      replica: REPLICA,
      report: ReplicaReport,
      fleet: Fleet,
      watch: PortalWatch,
      signals: Signals,
      collector: ReplyCollector,
      replies: ReplyServer,
      firstPortal: FirstPortalStep,
      jobs: JOBS,
      metrics: Metrics,
      checks: HealthChecks,
      log: LOG,
    },
    (parts) => new Lifecycle(parts),
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
