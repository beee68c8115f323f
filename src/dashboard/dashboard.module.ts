import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { provide } from '../bridge/provide.js';
import { DATABASE, LOG, NAMES } from '../bridge/injection-tokens.js';
import { BrokerConnection } from '../broker/connection.js';
import { readQueueDepths } from '../broker/queue-depths.js';
import { UnroutedKeys } from '../broker/unrouted-keys.js';
import { isDashboardOpen } from '../config/dashboard-open.js';
import { Settings } from '../config/settings.js';
import { SettingsError } from '../config/settings-error.js';
import { EndedSessionsStore } from '../database/ended-sessions.js';
import { Fleet } from '../drain/loop/fleet.js';
import { EventDesk } from '../events/event-desk.js';
import { SnapshotDesk } from '../events/snapshots/snapshot-desk.js';
import { EventSearch } from '../events/search/event-search.js';
import { LedgerAdmin } from '../ledger/admin.js';
import { BulkTasks } from '../ledger/bulk-tasks.js';
import { leaseHolders, storedReports } from '../ledger/lease-book.js';
import { HealthChecks } from '../monitoring/health.controller.js';
import { Metrics } from '../monitoring/metrics.js';
import { Republishing } from '../outcomes/republishing.js';
import { Pauses } from '../portals/pauses.js';
import { PortalRegistry } from '../portals/registry.js';
import { EventActions } from './events/event-actions.js';
import { AuditController } from './http/audit.controller.js';
import { AssetsController } from './http/assets.controller.js';
import { Assets } from './http/assets.js';
import { DashboardLog } from './session/dashboard-log.js';
import { EventsController } from './http/events.controller.js';
import { FindController } from './http/find.controller.js';
import { HelpController } from './http/help.controller.js';
import { LanguageController } from './http/language.controller.js';
import { LiveController } from './http/live.controller.js';
import { LogInController } from './http/log-in.controller.js';
import { ExportController } from './http/export.controller.js';
import { MissedController } from './http/missed.controller.js';
import { MissingPages } from './http/missing-pages.js';
import { formBody, pageHeaders } from './http/pages.middleware.js';
import { PageContextService } from './http/page-context.service.js';
import { PausesController } from './http/pauses.controller.js';
import { QueuesController } from './http/queues.controller.js';
import { SnapshotsController } from './http/snapshots.controller.js';
import { PagesController } from './http/pages.controller.js';
import { ObservedService } from './live/observed-service.js';
import { ReportReader } from './live/report-reader.js';
import { SnapshotFeed } from './live/snapshot-feed.js';
import { Access } from './session/access.js';
import { LogInThrottle } from './session/log-in-throttle.js';
import { SessionEnds } from './session/session-ends.js';

const CONTROLLERS = [
  PagesController,
  PausesController,
  MissedController,
  SnapshotsController,
  QueuesController,
  ExportController,
  FindController,
  EventsController,
  AuditController,
  LiveController,
  LogInController,
  HelpController,
  LanguageController,
  AssetsController,
];

const providers = [
  provide(Access, [Settings, DATABASE], (settings, database) => {
    if (!isDashboardOpen(settings))
      throw new SettingsError(['the dashboard needs DASHBOARD_PASSWORD or DASHBOARD_PROXY_HEADER']);
    return new Access(settings, new SessionEnds(new EndedSessionsStore(database)));
  }),
  provide(DashboardLog, [LOG], (log): DashboardLog => log),
  provide(UnroutedKeys, [BrokerConnection, NAMES], (broker, names) => {
    const unrouted = new UnroutedKeys(broker, names);
    unrouted.start();
    return unrouted;
  }),
  provide(
    ObservedService,
    {
      settings: Settings,
      registry: PortalRegistry,
      admin: LedgerAdmin,
      desk: EventDesk,
      tasks: BulkTasks,
      search: EventSearch,
      metrics: Metrics,
      names: NAMES,
      checks: HealthChecks,
      broker: BrokerConnection,
      unrouted: UnroutedKeys,
      database: DATABASE,
      fleet: Fleet,
      pauses: Pauses,
      snapshots: SnapshotDesk,
      republishing: Republishing,
    },
    ({ metrics, checks, broker, unrouted, database, fleet, ...shown }): ObservedService => {
      const { db, dialect } = database;
      const reports = new ReportReader((known) => storedReports(db, known));
      return {
        ...shown,
        activity: metrics.activity,
        checks: () => checks.checks(),
        brokerSaid: () => broker.usability().said,
        queueDepths: () => readQueueDepths(broker, shown.names),
        unrouted: () => unrouted.report(),
        owners: () => (dialect === 'sqlite' ? Promise.resolve(null) : leaseHolders(db)),
        reports: () => reports.read(),
        runsRounds: (memberId) => fleet.runsRounds(memberId),
        clientOf: (memberId) => fleet.clientOf(memberId),
      };
    },
  ),
];

/**
 * The dashboard, at the root of the application's own address, whatever prefix the bridge's endpoints have; with a global
 * prefix it cannot be used. It needs Express, and reads its forms itself: create the application with
 * `bodyParser: false`. The settings have to open it: without `DASHBOARD_PASSWORD` or `DASHBOARD_PROXY_HEADER` the
 * application's start is rejected with a `SettingsError`.
 */
@Module({})
export class DashboardModule implements NestModule {
  /**
   * The dashboard of a bridge.
   * @param bridge what `OfflineBridgeModule.forRoot` or `forRootAsync` returned, the very object that is imported
   */
  static of(bridge: DynamicModule): DynamicModule {
    return {
      module: DashboardModule,
      imports: [bridge],
      controllers: CONTROLLERS,
      providers: [
        ...providers,
        { provide: Assets, useValue: new Assets() },
        LogInThrottle,
        SnapshotFeed,
        EventActions,
        PageContextService,
        MissingPages,
      ],
      exports: [MissingPages],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(pageHeaders, formBody).forRoutes(...CONTROLLERS);
  }
}
