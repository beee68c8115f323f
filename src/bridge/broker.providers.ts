import { inRandomOrder } from '../broker/addresses.js';
import { BrokerConnection } from '../broker/connection.js';
import { Publisher } from '../broker/publisher.js';
import { topologyNames } from '../broker/topology.js';
import { Settings } from '../config/settings.js';
import { BROKER_URLS, LOG, NAMES } from './injection-tokens.js';
import { provide } from './provide.js';

/** RabbitMQ: one connection to publish and to inspect queues; the reply queue has another. */
export const brokerProviders = [
  provide(NAMES, [Settings], (settings) => topologyNames(settings.AMQP_PREFIX)),
  // The same for both connections: each node more that they need is one more that can fail.
  provide(BROKER_URLS, [Settings], (settings) => inRandomOrder(settings.RABBITMQ_URL)),
  provide(
    BrokerConnection,
    [BROKER_URLS, NAMES, LOG],
    (urls, names, logger) =>
      new BrokerConnection({ urls, names, logger, connectionName: 'bitrix24-offline-bridge' }),
  ),
  provide(Publisher, [BrokerConnection, LOG], (broker, logger) => new Publisher(broker, { logger })),
];
