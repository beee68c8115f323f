import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { BrokerConnection } from '../src/broker/connection.js';
import { type BrokerConnectionOptions, BrokerUnavailable } from '../src/broker/connection-options.js';
import { type BrokerLogFields } from '../src/broker/logger.js';
import { type OutgoingMessage, type PublishResult } from '../src/broker/outgoing.js';
import { Publisher } from '../src/broker/publisher.js';
import { deleteTopology, topologyNames } from '../src/broker/topology.js';
import { startProxyTo, startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

const url = process.env['RABBITMQ_URL']?.split(',')[0] ?? 'amqp://guest:guest@127.0.0.1:5672';

/** The connection's behaviour when the network between it and the broker breaks, seen through a proxy. */
describe('broker connection over a bad network', () => {
  const names = topologyNames(`test-${randomUUID()}`);
  let model: ChannelModel;
  let channel: Channel;
  let proxy: TcpProxy;
  let throughProxy: string;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let log: BrokerLogFields[];

  const open = (options: Partial<BrokerConnectionOptions> = {}, confirmTimeoutMs = 30_000) => {
    const logger = {
      info: (fields: BrokerLogFields) => log.push(fields),
      warn: (fields: BrokerLogFields) => log.push(fields),
      error: (fields: BrokerLogFields) => log.push(fields),
    };
    connection = new BrokerConnection({
      urls: [throughProxy],
      names,
      logger,
      reconnectMs: 100,
      ...options,
    });
    publisher = new Publisher(connection, { logger, confirmTimeoutMs });
    connection.start();
  };
  const message = (body: string): OutgoingMessage => ({
    exchange: names.events,
    routingKey: 'acme.crm.deal.update',
    body: Buffer.from(body),
    properties: {},
  });
  const numbered = (count: number, size = 0) =>
    Array.from({ length: count }, (_, n) => message(`${n}:`.padEnd(size, 'x')));
  const statuses = (results: PublishResult[]) => results.map(({ status }) => status);
  const left = async (state: string) => {
    while (connection.status().state === state) await pause(10);
  };
  const publishesAgain = async () => {
    await connection.whenUp();
    expect(statuses(await publisher.publish([message('again')]))).toEqual(['confirmed']);
  };

  beforeAll(async () => {
    model = await connect(url);
    channel = await model.createChannel();
  });

  afterAll(async () => {
    await model.close();
  });

  beforeEach(async () => {
    log = [];
    ({ proxy, url: throughProxy } = await startProxyTo(url));
  });

  afterEach(async () => {
    await publisher.close(1000);
    await connection.close();
    await proxy.close();
    await deleteTopology(channel, names);
  });

  it('starts before the broker, says why it is not up, and comes up by itself', async () => {
    await proxy.refuse();
    open();
    while (connection.status().reason === 'no answer yet') await pause(10);
    expect(connection.status()).toMatchObject({
      state: 'connecting',
      reason: expect.stringContaining('ECONNREFUSED') as unknown,
    });
    expect(connection.status().said?.in('ru')).toContain('там никто не отвечает');
    expect(await publisher.publish([message('early')])).toEqual([
      { status: 'unconfirmed', reason: expect.stringContaining('ECONNREFUSED') as unknown },
    ]);
    await expect(connection.openChannel()).rejects.toThrow(BrokerUnavailable);
    await proxy.accept();
    await publishesAgain();
    // However often it was tried, one reason is one line.
    expect(log.filter(({ event }) => event === 'broker.down')).toHaveLength(1);
    expect(log.filter(({ event }) => event === 'broker.up')).toHaveLength(1);
  });

  it('confirms nothing that the broker did not get when the connection is cut in mid-flight', async () => {
    open();
    await connection.whenUp();
    const consumer = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(consumer.queue, names.events, '#');
    const arrived = new Set<string>();
    await channel.consume(consumer.queue, (got) => got && arrived.add(got.content.toString()), {
      noAck: true,
    });
    await publisher.publish([message('warm')]);
    proxy.resetAfterBytes(2_500_000);
    const messages = numbered(4000, 1000);
    const results = await publisher.publish(messages);
    expect(new Set(statuses(results))).toEqual(new Set(['confirmed', 'unconfirmed']));
    await publishesAgain();
    while (!arrived.has('again')) await pause(10);
    const missing = messages.filter(
      ({ body }, n) => results[n]?.status === 'confirmed' && !arrived.has(body.toString()),
    );
    expect(missing).toEqual([]);
  });

  it('calls unconfirmed what arrived when only the confirms are lost', async () => {
    open();
    await connection.whenUp();
    await publisher.publish([message('warm')]);
    proxy.resetAfterBytes(0, 'from-target');
    expect(new Set(statuses(await publisher.publish(numbered(10))))).toEqual(new Set(['unconfirmed']));
    await publishesAgain();
  });

  it('gives up on a broker that has gone silent, by missed heartbeats, and comes back', async () => {
    open({ heartbeatSeconds: 1 });
    await connection.whenUp();
    await publisher.publish([message('warm')]);
    proxy.stall();
    const results = await publisher.publish(numbered(3000));
    expect(new Set(statuses(results))).toEqual(new Set(['unconfirmed']));
    await left('up');
    // Whichever side misses the other's heartbeats first.
    expect(connection.status().reason).toMatch(/Heartbeat timeout|ECONNRESET/);
    expect(log.find(({ event }) => event === 'publisher.channel_ended')).toBeDefined();
    proxy.resume();
    await publishesAgain();
  });

  it('gives up on confirms that take too long while the connection lives', async () => {
    open({ heartbeatSeconds: 60 }, 300);
    await connection.whenUp();
    // A busy broker may take longer than that for the first one, and the channel has to be open when it falls silent.
    let warm: PublishResult[] = [];
    while (warm[0]?.status !== 'confirmed') warm = await publisher.publish([message('warm')]);
    proxy.stall();
    const results = await publisher.publish(numbered(10));
    expect(results[9]).toEqual({ status: 'unconfirmed', reason: 'the broker did not confirm within 300 ms' });
    expect(connection.status().state).toBe('up');
    proxy.resume();
    let again: PublishResult[] = [];
    while (again[0]?.status !== 'confirmed') again = await publisher.publish([message('again')]);
  });

  it('tries the next address when one does not answer', async () => {
    const good = throughProxy;
    const dead = await startTcpProxy('127.0.0.1', 1);
    await dead.refuse();
    open({ urls: [`amqp://guest:guest@127.0.0.1:${dead.port}`, good] });
    await publishesAgain();
    proxy.cut();
    await left('up');
    await publishesAgain();
  });

  it('never shows a password, whatever the broker says', async () => {
    const address = new URL(throughProxy);
    address.password = 'not-the-password';
    open({ urls: [address.toString()] });
    while (!connection.status().reason?.includes('ACCESS')) await pause(10);
    expect(JSON.stringify([connection.status(), log])).not.toContain('not-the-password');
    expect(JSON.stringify(log)).toContain('ACCESS');
  });

  it('says what conflicts, stays connected, and recovers when it is mended', async () => {
    await channel.assertQueue(names.dead, { durable: true });
    open({ conflictRetryMs: 100 });
    await left('connecting');
    expect(connection.status()).toMatchObject({
      state: 'conflict',
      reason: expect.stringContaining(`queue ${names.dead} exists`) as unknown,
    });
    expect(statuses(await publisher.publish([message('no')]))).toEqual(['unconfirmed']);
    await channel.deleteQueue(names.dead);
    await publishesAgain();
    expect(log.filter(({ event }) => event === 'broker.conflict')).toHaveLength(1);
  });

  it('stops waiting for `up` when told to, and when it is closed', async () => {
    await proxy.refuse();
    open();
    const stop = new AbortController();
    const aborted = expect(connection.whenUp(stop.signal)).rejects.toThrow('enough');
    const closed = expect(connection.whenUp()).rejects.toThrow(BrokerUnavailable);
    stop.abort(new Error('enough'));
    await aborted;
    await connection.close();
    await closed;
    expect(connection.status().state).toBe('closed');
  });

  it('closes although the broker does not answer', async () => {
    open({ heartbeatSeconds: 60 });
    await connection.whenUp();
    proxy.stall();
    await connection.close();
    expect(connection.status().state).toBe('closed');
    proxy.resume();
    while (proxy.connections > 0) await pause(10);
  });

  it('tells listeners of each state once, and none after they have left', async () => {
    await proxy.refuse();
    open();
    const seen: string[] = [];
    const off = connection.onChange(({ state }) => seen.push(state));
    await proxy.accept();
    await connection.whenUp();
    proxy.cut();
    await left('up');
    await connection.whenUp();
    off();
    await connection.close();
    expect(seen).toEqual(['up', 'connecting', 'up']);
  });
});
