import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { BrokerConnection } from './connection.js';
import { Publisher } from './publisher.js';
import { readQueueDepths } from './queue-depths.js';
import { deleteTopology, topologyNames } from './topology.js';

const url = process.env['RABBITMQ_URL']?.split(',')[0] ?? 'amqp://guest:guest@127.0.0.1:5672';

describe('queue depths', () => {
  const names = topologyNames(`test-${randomUUID()}`);
  const nothing = { unrouted: null, replies: null, rejected: null, dead: null };
  let model: ChannelModel;
  let channel: Channel;
  let connection: BrokerConnection;

  beforeEach(async () => {
    model = await connect(url);
    channel = await model.createChannel();
    connection = new BrokerConnection({ urls: [url], names });
  });

  afterEach(async () => {
    await connection.close();
    await deleteTopology(channel, names);
    await model.close();
  });

  const untilDepths = async (expected: object) => {
    for (;;) {
      const depths = await readQueueDepths(connection, names);
      if (JSON.stringify(depths) === JSON.stringify({ ...depths, ...expected })) return;
      await pause(20);
    }
  };

  it('counts what waits in each queue', async () => {
    connection.start();
    await connection.whenUp();
    const publisher = new Publisher(connection);
    const to = (exchange: string, routingKey: string) => ({
      exchange,
      routingKey,
      body: Buffer.from('x'),
      properties: {},
    });
    await publisher.publish([
      to(names.events, 'nobody.cares'),
      to(names.dead, 'a.b'),
      to(names.dead, 'a.b'),
      to('', names.replies),
      to('', names.rejected),
    ]);
    await untilDepths({ unrouted: 1, replies: 1, rejected: 1, dead: 2 });
    await publisher.close();
  });

  it('knows nothing, and says so, without a connection', async () => {
    expect(await readQueueDepths(connection, names)).toEqual(nothing);
  });

  it('tells of the others while one is missing, and has that one declared again', async () => {
    connection.start();
    await connection.whenUp();
    await channel.deleteQueue(names.unrouted);
    expect(await readQueueDepths(connection, names)).toEqual({
      unrouted: null,
      replies: 0,
      rejected: 0,
      dead: 0,
    });
    await untilDepths({ unrouted: 0, replies: 0, rejected: 0, dead: 0 });
  });
});
