import {
  ConfigurableModuleBuilder,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import axios from 'axios';
import { AuditLog } from '../audit/audit-log.js';
import { AuditReader } from '../audit/audit-reader.js';
import { ReconcileReport } from '../state/reconcile/reconcile-report.js';
import { OutboundHttp, OutboundRoutes } from '../bitrix24/outbound-routes.js';
import { BrokerConnection } from '../broker/connection.js';
import { misspelled } from '../config/process-settings.js';
import { parseSettings } from '../config/parse-settings.js';
import { Settings } from '../config/settings.js';
import { SettingsError } from '../config/settings-error.js';
import { type ContractVariant } from '../contract/asyncapi.js';
import { AsyncapiController, CONTRACT_VARIANT } from '../contract/asyncapi.controller.js';
import { Fleet } from '../drain/loop/fleet.js';
import { SnapshotDesk } from '../events/snapshots/snapshot-desk.js';
import { EventSearch } from '../events/search/event-search.js';
import { EventDesk } from '../events/event-desk.js';
import { LedgerAdmin } from '../ledger/admin.js';
import { BulkTasks } from '../ledger/bulk-tasks.js';
import { BridgeLogger, nestLog, redactingLog } from '../logging/log.js';
import { noSniffing } from '../http/no-sniffing.js';
import { HealthChecks, HealthController } from '../monitoring/health.controller.js';
import { MetricsController } from '../monitoring/metrics.controller.js';
import { Metrics } from '../monitoring/metrics.js';
import { notificationBody } from '../portals/notification-body.js';
import { NotificationsController } from '../portals/notifications.controller.js';
import { Offers } from '../portals/offers.js';
import { Republishing } from '../outcomes/republishing.js';
import { Pauses } from '../portals/pauses.js';
import { PortalRegistry } from '../portals/registry.js';
import { Signals } from '../replicas/signals.js';
import { lifecycleProviders } from './lifecycle.providers.js';
import {
  type OfflineBridgeExtras,
  type OfflineBridgeOptions,
  type OfflineBridgeOptionsFactory,
} from './module-options.js';
import { OfflineBridge } from './offline-bridge.js';
import { brokerProviders } from './broker.providers.js';
import { databaseProviders } from './database.providers.js';
import { drainProviders } from './drain.providers.js';
import { stateProviders } from './state.providers.js';
import { maintenanceProviders } from './maintenance.providers.js';
import { monitoringProviders } from './monitoring.providers.js';
import { outcomeProviders } from './outcome.providers.js';
import { portalProviders } from './portal.providers.js';
import { keyOf, provide, type Token, token } from './provide.js';
import { replicaProviders } from './replica.providers.js';
import { eventProviders } from './event.providers.js';
import { Secrets } from './secrets.js';
import { DATABASE, HOOKS, LOG, NAMES } from './injection-tokens.js';

/** Options of {@link OfflineBridgeModule.forRootAsync}: `useFactory` with `inject` and `imports`, `useClass` or `useExisting`. */
export type OfflineBridgeAsyncOptions = ConfigurableModuleAsyncOptions<
  OfflineBridgeOptions,
  keyof OfflineBridgeOptionsFactory
> &
  OfflineBridgeExtras;

type Http = NonNullable<OfflineBridgeExtras['http']>;
const HTTP = token<Http>('OfflineBridgeHttp');

const CONTROLLERS = [AsyncapiController, HealthController, MetricsController, NotificationsController];

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<OfflineBridgeOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createOfflineBridgeOptions')
    .setExtras<Required<OfflineBridgeExtras>>(
      { isGlobal: false, http: {} },
      (definition, { isGlobal, http }) => ({
        ...definition,
        global: isGlobal,
        imports: [...(definition.imports ?? []), ...httpImports(http)],
        controllers: http === false ? [] : CONTROLLERS,
        providers: [...(definition.providers ?? []), { provide: HTTP.symbol, useValue: http }],
      }),
    )
    .build();

function httpImports(http: Http): DynamicModule[] {
  if (http === false) return [];
  const path = http.prefix ?? '';
  return [
    TerminusModule.forRoot({ logger: false }),
    ...(path === '' ? [] : [RouterModule.register([{ path, module: OfflineBridgeModule }])]),
  ];
}

function readSettings({ settings }: OfflineBridgeOptions, http: Http): Settings {
  const parsed = parseSettings(settings);
  if (http === false && parsed.PUBLIC_URL !== undefined) {
    throw new SettingsError(['PUBLIC_URL is set, and the HTTP endpoints are left out (http: false)']);
  }
  return parsed;
}

const OPTIONS: Token<OfflineBridgeOptions> = { symbol: MODULE_OPTIONS_TOKEN as symbol };

/** What the rooms are made of, from the options on. */
const ownProviders = [
  provide(Settings, [OPTIONS, HTTP], readSettings),
  // An instance of our own: interceptors of the application's, say one that retries, are not for portals.
  provide(
    OutboundHttp,
    [Settings],
    (settings) => new OutboundHttp(new OutboundRoutes(settings), axios.create()),
  ),
  provide(Secrets, [Settings, OutboundHttp, PortalRegistry, Offers], (...parts) => new Secrets(...parts)),
  provide(LOG, [OPTIONS, Secrets], ({ log, settings }, secrets) => {
    const used =
      log instanceof BridgeLogger
        ? log
        : redactingLog(log ?? nestLog('OfflineBridge'), (text) => secrets.foundIn(text));
    for (const remark of misspelled({ ...settings })) used.warn({ event: 'settings.doubtful', remark });
    return used;
  }),
  provide(HOOKS, [OPTIONS], ({ hooks }) => hooks ?? {}),
  provide({ symbol: CONTRACT_VARIANT }, [Settings, HOOKS], ({ AMQP_PREFIX }, hooks): ContractVariant => ({
    prefix: AMQP_PREFIX,
    ownKeys: hooks.routingKey !== undefined,
    ownEnvelopes: hooks.envelope !== undefined,
  })),
];

/**
 * The bridge as a module of a Nest application: it starts with the application and stops with it, reading nothing but
 * the options. Import it once. Wrong settings reject the application's start with a `SettingsError` that names every
 * fault (with `abortOnError: false`; otherwise Nest prints it and ends the process).
 *
 * It reads the bodies of portals' notifications itself: create the application with `bodyParser: false`, or its parser
 * and that parser's limits come first. Call `app.enableShutdownHooks()`, or end it with `app.close()`.
 */
@Module({
  providers: [
    ...ownProviders,
    ...databaseProviders,
    ...brokerProviders,
    ...portalProviders,
    ...replicaProviders,
    ...stateProviders,
    ...drainProviders,
    ...outcomeProviders,
    ...maintenanceProviders,
    ...monitoringProviders,
    ...lifecycleProviders,
    ...eventProviders,
  ],
  // For applications the first; the others are for the dashboard and the API.
  exports: [
    OfflineBridge,
    Settings,
    Secrets,
    PortalRegistry,
    LedgerAdmin,
    BulkTasks,
    EventDesk,
    EventSearch,
    SnapshotDesk,
    AuditLog,
    AuditReader,
    ReconcileReport,
    Signals,
    Pauses,
    Republishing,
    Metrics,
    HealthChecks,
    BrokerConnection,
    Fleet,
    ...[LOG, NAMES, DATABASE].map((key) => keyOf<unknown>(key)),
  ],
})
export class OfflineBridgeModule extends ConfigurableModuleClass implements NestModule {
  constructor(@Inject(HTTP.symbol) private readonly http: Http) {
    super();
  }

  /** The module with options that are known by now. */
  static override forRoot(options: OfflineBridgeOptions & OfflineBridgeExtras): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options that come from other providers, a configuration service for instance. */
  static override forRootAsync(options: OfflineBridgeAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }

  configure(consumer: MiddlewareConsumer): void {
    if (this.http === false) return;
    consumer.apply(noSniffing).forRoutes(...CONTROLLERS);
    consumer.apply(notificationBody).forRoutes(NotificationsController);
  }
}
