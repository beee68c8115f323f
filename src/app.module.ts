import { type DynamicModule, Module } from '@nestjs/common';
import { Bridge } from './bridge.js';
import { readQueueDepths } from './broker/queue-depths.js';
import { UnroutedKeys } from './broker/unrouted-keys.js';
import { type Settings } from './config.js';
import { isDashboardOpen } from './dashboard/access.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { type ObservedService } from './dashboard/observed-service.js';
import { ReportReader } from './dashboard/report-reader.js';
import { LedgerAdmin } from './ledger/admin.js';
import { leaseHolders, storedReports } from './ledger/lease-book.js';
import { type Log } from './log.js';
import { Metrics } from './monitoring/metrics.js';
import { OfflineBridgeModule } from './offline-bridge.module.js';

/** The standalone service: the bridge, and the dashboard where a setting opens it. */
@Module({})
export class AppModule {
  static with(options: { readonly settings: Settings; readonly log: Log }): DynamicModule {
    const { settings, log } = options;
    const bridge = OfflineBridgeModule.forRoot(options);
    if (!isDashboardOpen(settings)) return { module: AppModule, imports: [bridge] };
    const observe = (running: Bridge, { activity }: Metrics): ObservedService => {
      const { broker, names, database, fleet } = running;
      const unrouted = new UnroutedKeys(broker, names);
      unrouted.start();
      const reports = new ReportReader((known) => storedReports(database.db, known));
      return {
        registry: running.registry,
        admin: new LedgerAdmin(database, settings),
        activity,
        names,
        settings,
        checks: () => running.checks(),
        queueDepths: () => readQueueDepths(broker, names),
        unrouted: () => unrouted.sight(),
        owners: () => (database.dialect === 'sqlite' ? Promise.resolve(null) : leaseHolders(database.db)),
        reports: () => reports.read(),
        runsRounds: (memberId) => fleet.runsRounds(memberId),
        clientOf: (memberId) => fleet.clientOf(memberId),
        hasten: (memberIds) => running.pokes.hasten(memberIds),
      };
    };
    const dashboard = DashboardModule.for({
      settings,
      log,
      imports: [bridge],
      observed: { inject: [Bridge, Metrics], useFactory: observe },
    });
    return { module: AppModule, imports: [bridge, dashboard] };
  }
}
