import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { BrokerConnection } from './connection.js';
import { deleteTopology, topologyNames } from './topology.js';
import { UnroutedKeys } from './unrouted-keys.js';

const url = process.env['RABBITMQ_URL']?.split(',')[0] ?? 'amqp://guest:guest@127.0.0.1:5672';

describe('routing keys that nobody is bound to', () => {
  const names = topologyNames(`test-${randomUUID()}`);
  let model: ChannelModel;
  let channel: Channel;
  let connection: BrokerConnection;
  let keys: UnroutedKeys;
  let clock: number;

  beforeEach(async () => {
    model = await connect(url);
    channel = await model.createChannel();
    connection = new BrokerConnection({ urls: [url], names });
    clock = 0;
    keys = new UnroutedKeys(connection, names, () => (clock += 1));
    connection.start();
    await connection.whenUp();
    keys.start();
    while (keys.report().blind !== null) await pause(20);
  });

  afterEach(async () => {
    await connection.close();
    await deleteTopology(channel, names);
    await model.close();
  });

  const publish = (routingKey: string) => channel.publish(names.events, routingKey, Buffer.from('x'));
  const until = async (condition: () => boolean) => {
    while (!condition()) await pause(20);
  };
  const seen = () => keys.report().keys.map(({ key }) => key);

  it('are counted, those with the most events first', async () => {
    for (const key of ['portal.rare', 'portal.frequent', 'portal.frequent']) publish(key);
    await until(() => keys.report().keys.reduce((sum, { count }) => sum + count, 0) === 3);
    expect(keys.report().keys.map(({ key, count }) => [key, count])).toEqual([
      ['portal.frequent', 2],
      ['portal.rare', 1],
    ]);
  });

  it('are known up to two hundred; the one that was seen last the longest ago makes room', async () => {
    for (let number = 1; number <= 200; number += 1) publish(`object.${number}`);
    await until(() => keys.report().keys.length === 200);
    // No longer the one seen the longest ago.
    publish('object.1');
    publish('object.201');
    await until(() => seen().includes('object.201'));
    expect(seen()).toHaveLength(200);
    expect(seen()).toContain('object.1');
    expect(seen()).not.toContain('object.2');
    expect(seen()).toContain('object.3');
  });
});
