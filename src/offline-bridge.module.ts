import { HttpModule, HttpService } from '@nestjs/axios';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { Bridge } from './bridge.js';
import { type Settings } from './config.js';
import { AsyncapiController, CONTRACT_VARIANT } from './contract/asyncapi.controller.js';
import { type ContractVariant } from './contract/asyncapi.js';
import { type Log } from './log.js';
import { Foundations, HealthController, type Reachability } from './monitoring/health.controller.js';
import { Metrics } from './monitoring/metrics.js';
import { MetricsController } from './monitoring/metrics.controller.js';
import { notificationBody } from './portals/notification-body.js';
import { NotificationsController } from './portals/notifications.controller.js';
import { PortalReception } from './portals/reception.js';

/** What {@link OfflineBridgeModule.forRoot} takes. */
export interface OfflineBridgeOptions {
  readonly settings: Settings;
  readonly log: Log;
}

const OPTIONS = Symbol('OfflineBridgeOptions');

@Injectable()
class BridgeLifecycle extends Foundations implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Bridge) private readonly bridge: Bridge) {
    super();
  }

  /** Does not wait: the application serves its health endpoints while the bridge waits for its services. */
  onApplicationBootstrap(): void {
    // A failure is kept for whoever awaits `bridge.start()`.
    this.bridge.start().catch(() => undefined);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.bridge.stop();
  }

  override checks(): Record<string, () => Promise<Reachability>> {
    return this.bridge.checks();
  }
}

/**
 * The bridge as a module of a Nest application. It reads the bodies of portals' notifications itself: create the
 * application with `bodyParser: false`, or its parser and that parser's limits come first.
 */
@Module({})
export class OfflineBridgeModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(notificationBody).forRoutes(NotificationsController);
  }

  static forRoot(options: OfflineBridgeOptions): DynamicModule {
    return {
      module: OfflineBridgeModule,
      imports: [HttpModule, TerminusModule.forRoot({ logger: false })],
      controllers: [AsyncapiController, HealthController, MetricsController, NotificationsController],
      providers: [
        { provide: OPTIONS, useValue: options },
        Metrics,
        {
          provide: Bridge,
          inject: [OPTIONS, HttpService, Metrics],
          useFactory: ({ settings, log }: OfflineBridgeOptions, http: HttpService, metrics: Metrics) =>
            new Bridge(settings, http, metrics, log),
        },
        {
          provide: CONTRACT_VARIANT,
          inject: [OPTIONS],
          useFactory: ({ settings }: OfflineBridgeOptions): ContractVariant => ({
            prefix: settings.AMQP_PREFIX,
            ownKeys: false,
            ownEnvelopes: false,
          }),
        },
        ThrottlerStorageService,
        {
          provide: PortalReception,
          inject: [Bridge],
          useFactory: (bridge: Bridge) => bridge.reception,
        },
        BridgeLifecycle,
        { provide: Foundations, useExisting: BridgeLifecycle },
      ],
      exports: [Bridge, Metrics],
    };
  }
}
