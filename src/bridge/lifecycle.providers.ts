import { BrokerConnection } from '../broker/connection.js';
import { Publisher } from '../broker/publisher.js';
import { OutboundHttp } from '../bitrix24/outbound-routes.js';
import { Settings } from '../config/settings.js';
import { Fleet } from '../drain/loop/fleet.js';
import { PortalWatch } from '../maintenance/portal-watch.js';
import { HealthChecks } from '../monitoring/health.controller.js';
import { Metrics } from '../monitoring/metrics.js';
import { ReplyCollector } from '../outcomes/reply-collector.js';
import { ReplyServer } from '../outcomes/reply-server.js';
import { Offers } from '../portals/offers.js';
import { PortalRegistry } from '../portals/registry.js';
import { Signals } from '../replicas/signals.js';
import { DatabaseStart } from './database-start.js';
import { FirstPortal } from './first-portal.js';
import { provide } from './provide.js';
import { ReplicaReport } from './replica-report.js';
import { DATABASE, JOBS, LOG, REJECTER, REPLICA } from './tokens.js';
import { Lifecycle } from './lifecycle.js';

/** What starts and stops all the others. */
export const lifecycleProviders = [
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
      firstPortal: FirstPortal,
      jobs: JOBS,
      metrics: Metrics,
      checks: HealthChecks,
      log: LOG,
    },
    (parts) => new Lifecycle(parts),
  ),
];
