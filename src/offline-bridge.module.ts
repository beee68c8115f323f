import { HttpService } from '@nestjs/axios';
import {
  type BeforeApplicationShutdown,
  ConfigurableModuleBuilder,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { ThrottlerStorageService } from '@nestjs/throttler';
import axios from 'axios';
import { Bridge } from './bridge.js';
import { parseSettings, type Settings, SettingsError } from './config.js';
import { AsyncapiController, CONTRACT_VARIANT } from './contract/asyncapi.controller.js';
import { type ContractVariant } from './contract/asyncapi.js';
import { BridgeLogger, type Log, nestLog, redactingLog } from './log.js';
import {
  type OfflineBridgeExtras,
  type OfflineBridgeOptions,
  type OfflineBridgeOptionsFactory,
} from './module-options.js';
import { Foundations, HealthController, type Reachability } from './monitoring/health.controller.js';
import { Metrics } from './monitoring/metrics.js';
import { MetricsController } from './monitoring/metrics.controller.js';
import { OfflineBridge } from './offline-bridge.js';
import { notificationBody } from './portals/notification-body.js';
import { NotificationsController } from './portals/notifications.controller.js';
import { PortalReception } from './portals/reception.js';
import { RunningBridge } from './running-bridge.js';

/** Options of {@link OfflineBridgeModule.forRootAsync}: `useFactory` with `inject` and `imports`, `useClass` or `useExisting`. */
export type OfflineBridgeAsyncOptions = ConfigurableModuleAsyncOptions<
  OfflineBridgeOptions,
  keyof OfflineBridgeOptionsFactory
> &
  OfflineBridgeExtras;

type Http = NonNullable<OfflineBridgeExtras['http']>;
const HTTP = Symbol('OfflineBridgeHttp');
const SETTINGS = Symbol('OfflineBridgeSettings');
const LOG = Symbol('OfflineBridgeLog');
/** Secrets are known once there is a bridge, and lines are written before. */
const SECRETS = Symbol('OfflineBridgeSecrets');

interface Secrets {
  read: () => Iterable<string>;
}

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
        controllers:
          http === false
            ? []
            : [AsyncapiController, HealthController, MetricsController, NotificationsController],
        providers: [...(definition.providers ?? []), { provide: HTTP, useValue: http }],
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

@Injectable()
class BridgeLifecycle extends Foundations implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(Bridge) private readonly bridge: Bridge,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
  }

  /** Does not wait: the application serves its health endpoints while the bridge waits for its services. */
  onApplicationBootstrap(): void {
    // Whoever awaits `started()` gets the failure too.
    this.bridge.start().catch((error: unknown) => {
      this.log.error({
        event: 'bridge.start_failed',
        reason: error instanceof Error ? error.message : String(error),
      });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.bridge.stop();
  }

  override checks(): Record<string, () => Promise<Reachability>> {
    return this.bridge.checks();
  }
}

function readSettings({ settings }: OfflineBridgeOptions, http: Http): Settings {
  const parsed = parseSettings(settings);
  if (http === false && parsed.PUBLIC_URL !== undefined) {
    throw new SettingsError(['PUBLIC_URL is set, and the HTTP endpoints are left out (http: false)']);
  }
  return parsed;
}

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
    Metrics,
    ThrottlerStorageService,
    {
      provide: SETTINGS,
      inject: [MODULE_OPTIONS_TOKEN, HTTP],
      useFactory: readSettings,
    },
    {
      provide: SECRETS,
      inject: [SETTINGS],
      useFactory: ({ B24_CLIENT_SECRET }: Settings): Secrets => ({ read: () => [B24_CLIENT_SECRET] }),
    },
    {
      provide: LOG,
      inject: [MODULE_OPTIONS_TOKEN, SECRETS],
      useFactory: ({ log }: OfflineBridgeOptions, secrets: Secrets): Log =>
        log instanceof BridgeLogger
          ? log
          : redactingLog(log ?? nestLog('OfflineBridge'), () => secrets.read()),
    },
    {
      provide: Bridge,
      inject: [SETTINGS, MODULE_OPTIONS_TOKEN, Metrics, LOG, SECRETS],
      useFactory: (
        settings: Settings,
        { hooks }: OfflineBridgeOptions,
        metrics: Metrics,
        log: Log,
        secrets: Secrets,
      ) => {
        // An instance of our own: interceptors of the application's, say one that retries, are not for portals.
        const bridge = new Bridge(settings, new HttpService(axios.create()), metrics, log, hooks);
        secrets.read = () => bridge.secrets();
        return bridge;
      },
    },
    {
      provide: OfflineBridge,
      inject: [Bridge, Metrics],
      useFactory: (bridge: Bridge, metrics: Metrics) => new RunningBridge(bridge, metrics),
    },
    {
      provide: CONTRACT_VARIANT,
      inject: [SETTINGS, MODULE_OPTIONS_TOKEN],
      useFactory: ({ AMQP_PREFIX }: Settings, { hooks }: OfflineBridgeOptions): ContractVariant => ({
        prefix: AMQP_PREFIX,
        ownKeys: hooks?.routingKey !== undefined,
        ownEnvelopes: hooks?.envelope !== undefined,
      }),
    },
    { provide: PortalReception, inject: [Bridge], useFactory: (bridge: Bridge) => bridge.reception },
    BridgeLifecycle,
    { provide: Foundations, useExisting: BridgeLifecycle },
  ],
  // The last two for the standalone service's dashboard; the package does not export their classes.
  exports: [OfflineBridge, Bridge, Metrics],
})
export class OfflineBridgeModule extends ConfigurableModuleClass implements NestModule {
  constructor(@Inject(HTTP) private readonly http: Http) {
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
    if (this.http !== false) consumer.apply(notificationBody).forRoutes(NotificationsController);
  }
}
