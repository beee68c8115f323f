import { afterAll, beforeAll, describe } from '@jest/globals';
import { type PrivateRabbitmq, provideRabbitmq } from '../../scripts/rabbitmq.mjs';
import { orderByObject } from './order-by-object.js';
import { permissions } from './permissions.js';
import { queueLimits } from './queue-limits.js';

/** A node of RabbitMQ starts on a busy machine. */
const NODE_MS = 120_000;

/** What only an administrator of the broker can set up. One node for all of it: its start costs four seconds of CPU. */
describe("a broker of the test's own", () => {
  let broker: PrivateRabbitmq;
  beforeAll(async () => {
    broker = await provideRabbitmq({ private: true, plugins: ['rabbitmq_consistent_hash_exchange'] });
  }, NODE_MS);
  afterAll(() => broker.stop(), NODE_MS);
  const node = () => broker;

  permissions(node);
  queueLimits(node);
  orderByObject(node);
});
