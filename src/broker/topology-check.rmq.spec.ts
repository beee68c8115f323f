import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Channel } from 'amqplib';
import { withErrorListener } from './amqp-handles.js';
import { connectOnce, disconnect, NoBroker, type QuickConnection } from './connect-once.js';
import { declareOn } from './declaring.js';
import { checkTopology } from './topology-check.js';
import { declareTopology, deleteTopology, TopologyConflict, topologyNames } from './topology.js';

const url = process.env['RABBITMQ_URL']?.split(',')[0] ?? 'amqp://guest:guest@127.0.0.1:5672';

describe('a look at the topology', () => {
  const names = topologyNames(`test-${randomUUID()}`);
  let connection: QuickConnection;
  let channel: Channel;

  beforeEach(async () => {
    connection = await connectOnce(['amqp://guest:guest@127.0.0.1:1', url], 5000);
    channel = withErrorListener(await connection.model.createChannel());
  });
  afterEach(async () => {
    await deleteTopology(withErrorListener(await connection.model.createChannel()), names);
    await disconnect(connection);
  });
  const states = async () =>
    Object.fromEntries(
      (await checkTopology(connection.model, names)).map(({ kind, name, state }) => [
        `${kind} ${name}`,
        state,
      ]),
    );

  it('finds everything missing, and creates nothing', async () => {
    const first = await states();
    expect(Object.keys(first)).toHaveLength(8);
    expect(new Set(Object.values(first))).toEqual(new Set(['missing']));
    expect(await states()).toEqual(first);
  });

  it('finds what is as needed, how many messages wait and who reads', async () => {
    await declareTopology(channel, names);
    await channel.consume(names.replies, () => undefined);
    const findings = await checkTopology(connection.model, names);
    expect(new Set(findings.map(({ state }) => state))).toEqual(new Set(['ok']));
    expect(findings.find(({ name }) => name === names.replies)).toMatchObject({ messages: 0, consumers: 1 });
    expect(findings.find(({ name }) => name === names.events)).toMatchObject({
      messages: null,
      consumers: null,
    });
  });

  it('finds what is of another kind, and leaves it as it is', async () => {
    await channel.assertExchange(names.events, 'direct');
    await channel.assertQueue(names.replies, { durable: true });
    expect(await states()).toMatchObject({
      [`exchange ${names.events}`]: 'conflict',
      [`queue ${names.replies}`]: 'conflict',
      [`queue ${names.dead}`]: 'missing',
    });
    await channel.assertQueue(names.replies, { durable: true });
  });

  it('names the difference for which a queue cannot be used, not that it has no limit', async () => {
    const quorum = { 'x-queue-type': 'quorum' };
    await channel.assertQueue(names.dead, { durable: true });
    await channel.assertQueue(names.unrouted, {
      durable: true,
      arguments: { ...quorum, 'x-expires': 60_000 },
    });
    await channel.assertQueue(names.rejected, {
      durable: true,
      arguments: { ...quorum, 'x-max-length-bytes': 5000, 'x-overflow': 'drop-head' },
    });
    const findings = await checkTopology(connection.model, names);
    const reasonOf = (queue: string) =>
      findings.find(({ kind, name }) => kind === 'queue' && name === queue)?.reason;
    expect(reasonOf(names.dead)).toMatch(/'x-queue-type'.*received .*quorum/);
    expect(reasonOf(names.unrouted)).toMatch(/'x-expires'/);
    // What it should be, which is not "none".
    expect(reasonOf(names.rejected)).toMatch(/'x-max-length-bytes'.*received .*536870912/);

    const declaring = (queue: string) =>
      declareOn(connection.model, names, { timeoutMs: 10_000, knownBefore: false }).catch(
        (error: unknown) => {
          expect(error).toBeInstanceOf(TopologyConflict);
          return error instanceof TopologyConflict && error.object === `queue ${queue}` && error.difference;
        },
      );
    for (const queue of [names.unrouted, names.rejected, names.dead]) {
      expect(await declaring(queue)).toBe(reasonOf(queue));
      await channel.deleteQueue(queue);
    }
  });

  it('names every broker that does not answer, without its password', async () => {
    const failure = await connectOnce(
      ['amqp://a:sesame@127.0.0.1:1', 'amqp://a:sesame@127.0.0.1:2'],
      2000,
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NoBroker);
    expect(String(failure)).toMatch(/127\.0\.0\.1:1: .*; 127\.0\.0\.1:2: /);
    expect(String(failure)).not.toContain('sesame');
  });
});
