import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { provide } from '../bridge/provide.js';
import { DATABASE, LOG, NAMES } from '../bridge/injection-tokens.js';
import { BrokerConnection } from '../broker/connection.js';
import { readApiTokens } from '../config/api-tokens.js';
import { Settings } from '../config/settings.js';
import { SettingsError } from '../config/settings-error.js';
import { IdempotencyKeys } from '../database/idempotency-keys.js';
import { Metrics } from '../monitoring/metrics.js';
import { ApiEntry, ApiRequests } from './access/entry.js';
import { RequestRate } from './access/request-rate.js';
import { BearerTokens } from './access/bearer-tokens.js';
import { AuditController } from './audit/audit.controller.js';
import { EventsController } from './events/events.controller.js';
import { ROOT } from './http/api.decorators.js';
import { ApiLog } from './http/api-log.js';
import { PortalsController } from './portals/portals.controller.js';
import { ReconcileController } from './reconcile/reconcile.controller.js';
import { Queues } from './queues/queues.js';
import { QueuesController } from './queues/queues.controller.js';
import { SnapshotsController } from './snapshots/snapshots.controller.js';
import { ServiceController, UnknownPathController } from './service/service.controller.js';

/** In the order in which paths are tried. */
const CONTROLLERS = [
  PortalsController,
  SnapshotsController,
  EventsController,
  QueuesController,
  AuditController,
  ReconcileController,
  ServiceController,
  UnknownPathController,
];

const providers = [
  provide(BearerTokens, [Settings], ({ API_TOKEN }) => {
    if (API_TOKEN === undefined) throw new SettingsError(['the API needs API_TOKEN']);
    return new BearerTokens(readApiTokens(API_TOKEN));
  }),
  provide(RequestRate, [Settings], (settings) => new RequestRate(settings.API_RATE_PER_MINUTE)),
  provide(ApiRequests, [Metrics], (metrics): ApiRequests => metrics),
  provide(ApiLog, [LOG], (log): ApiLog => log),
  provide(IdempotencyKeys, [DATABASE], (database) => new IdempotencyKeys(database)),
  provide(Queues, [BrokerConnection, NAMES], (broker, names) => new Queues(broker, names)),
];

/**
 * The HTTP API of a bridge, at `/api/v1` of the application's own address, whatever prefix the bridge's endpoints have;
 * with a global prefix it cannot be used. It needs Express, and reads its bodies itself: create the application with
 * `bodyParser: false`. Without `API_TOKEN` the application's start is rejected with a `SettingsError`.
 */
@Module({})
export class ApiModule implements NestModule {
  /**
   * The API of a bridge.
   * @param bridge what `OfflineBridgeModule.forRoot` or `forRootAsync` returned, the very object that is imported
   */
  static of(bridge: DynamicModule): DynamicModule {
    return { module: ApiModule, imports: [bridge], controllers: CONTROLLERS, providers };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ApiEntry).forRoutes(`${ROOT}{/*path}`);
  }
}
