import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { BrokerConnection } from './connection.js';
import { type OutgoingMessage, type PublishResult } from './outgoing.js';
import { Publisher, type PublisherOptions } from './publisher.js';
import { deleteTopology, topologyNames } from './topology.js';

const url = process.env['RABBITMQ_URL']?.split(',')[0] ?? 'amqp://guest:guest@127.0.0.1:5672';
const names = topologyNames(`test-${randomUUID()}`);

const message = (body: string | Buffer, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  exchange: names.events,
  routingKey: 'acme.crm.deal.update',
  body: Buffer.from(body),
  properties: { contentType: 'text/plain', headers: { 'x-portal': 'acme' } },
  ...more,
});
const statuses = (results: PublishResult[]) => results.map(({ status }) => status);
const reasonOf = (result: PublishResult | undefined) =>
  result !== undefined && 'reason' in result ? result.reason : '';

describe('publisher', () => {
  let model: ChannelModel;
  let channel: Channel;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let queue: string;
  let arrived: string[];

  beforeAll(async () => {
    model = await connect(url);
    channel = await model.createChannel();
    connection = new BrokerConnection({ urls: [url], names });
    connection.start();
    await connection.whenUp();
  });

  afterAll(async () => {
    await connection.close();
    await deleteTopology(channel, names);
    await model.close();
  });

  beforeEach(async () => {
    publisher = new Publisher(connection);
    arrived = [];
    ({ queue } = await channel.assertQueue('', { exclusive: true }));
    await channel.bindQueue(queue, names.events, '#');
    await channel.consume(queue, (got) => got && arrived.push(got.content.toString()), {
      noAck: true,
    });
  });

  afterEach(async () => {
    await publisher.close();
    await channel.deleteQueue(queue);
  });

  const untilArrived = async (body: string) => {
    while (!arrived.includes(body)) await pause(10);
  };

  it('answers an empty list with an empty list', async () => {
    expect(await publisher.publish([])).toEqual([]);
  });

  it('publishes persistent messages with their properties', async () => {
    const other = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(other.queue, names.events, 'acme.#');
    const properties = {
      messageId: 'm',
      correlationId: 'c',
      replyTo: names.replies,
      headers: { 'x-attempt': 1 },
    };
    expect(await publisher.publish([message('one', { properties })])).toEqual([{ status: 'confirmed' }]);
    let got = await channel.get(other.queue);
    while (got === false) got = await channel.get(other.queue);
    expect(got.properties).toMatchObject({ ...properties, deliveryMode: 2 });
    expect(got.fields.routingKey).toBe('acme.crm.deal.update');
  });

  it('confirms 20,000 messages of several concurrent callers, each list in its order', async () => {
    const lists = [0, 1, 2, 3].map((list) => Array.from({ length: 5000 }, (_, n) => `${list}:${n}`));
    const results = await Promise.all(
      lists.map((list) => publisher.publish(list.map((body) => message(body)))),
    );
    expect(results.flat().filter(({ status }) => status === 'confirmed')).toHaveLength(20_000);
    while (arrived.length < 20_000) await pause(10);
    lists.forEach((list, index) => {
      expect(arrived.filter((body) => body.startsWith(`${index}:`))).toEqual(list);
    });
  });

  it('calls unsendable what can never be sent, with the reason, and publishes the rest of the list', async () => {
    const small = new Publisher(connection, { maxMessageBytes: 1000 });
    const results = await small.publish([
      message('first'),
      message('key', { routingKey: 'k'.repeat(256) }),
      message(Buffer.alloc(1001)),
      message('id', { properties: { correlationId: 'é'.repeat(128) } }),
      message('headers', { properties: { headers: { long: 'x'.repeat(70_000) } } }),
      message('time', { properties: { timestamp: 1.5 } }),
      message(Buffer.alloc(1000, 'x')),
      message('last'),
    ]);
    expect(statuses(results)).toEqual([
      'confirmed',
      'unsendable',
      'unsendable',
      'unsendable',
      'unsendable',
      'unsendable',
      'confirmed',
      'confirmed',
    ]);
    expect(reasonOf(results[1])).toContain("'routingKey'");
    expect(reasonOf(results[2])).toBe('the body has 1001 bytes, the limit is 1000');
    expect(reasonOf(results[3])).toContain("'correlationId'");
    await untilArrived('last');
    await small.close();
  });

  it('calls exactly the messages unsendable for which the broker closes the channel', async () => {
    const bad = (body: string) => message(body, { properties: { expiration: 'soon' } });
    const list = Array.from({ length: 60 }, (_, n) =>
      n % 20 === 7 ? bad(`bad ${n}`) : message(`good ${n}`),
    );
    const [results, others] = await Promise.all([
      publisher.publish(list),
      publisher.publish([message('other 1'), message('other 2')]),
    ]);
    const refusedAt = results.flatMap(({ status }, n) => (status === 'unsendable' ? [n] : []));
    expect(refusedAt).toEqual([7, 27, 47]);
    expect(results.filter(({ status }) => status === 'confirmed')).toHaveLength(57);
    expect(reasonOf(results[7])).toMatch(/invalid expiration/);
    expect(statuses(others)).toEqual(['confirmed', 'confirmed']);
    // In whatever order they were sent again.
    while (new Set(arrived).size < 59) await pause(10);
    expect(arrived.filter((body) => body.startsWith('bad'))).toEqual([]);
    expect(new Set(arrived).size).toBe(59);
  });

  it('calls what was in flight unconfirmed when the channel dies, and works again after', async () => {
    // The broker reads in order: what follows the message without an exchange is never looked at.
    const results = await publisher.publish([
      message('lost', { exchange: `${names.events}.none` }),
      ...Array.from({ length: 50 }, (_, n) => message(`after ${n}`)),
    ]);
    expect(new Set(statuses(results))).toEqual(new Set(['unconfirmed']));
    expect(reasonOf(results[50])).toMatch(/no exchange/);
    expect(arrived).toEqual([]);
    expect(statuses(await publisher.publish([message('again')]))).toEqual(['confirmed']);
    await untilArrived('again');
  });

  it('has the topology declared again when the broker misses it', async () => {
    await channel.deleteExchange(names.events);
    const [result] = await publisher.publish([message('lost')]);
    expect(result?.status).toBe('unconfirmed');
    expect(statuses(await publisher.publish([message('kept')]))).toEqual(['confirmed']);
    await channel.checkExchange(names.events);
  });

  it('calls a nack refused, and goes on with the others', async () => {
    const full = await channel.assertQueue('', { exclusive: true, maxLength: 1, overflow: 'reject-publish' });
    const results = await publisher.publish(
      [1, 2, 3].map((n) => message(`${n}`, { exchange: '', routingKey: full.queue })),
    );
    expect(results[0]).toEqual({ status: 'confirmed' });
    expect(results.at(-1)).toEqual({ status: 'refused', reason: expect.stringContaining('nack') });
  });

  describe('with an exchange behind ours that leads nowhere', () => {
    const leadsNowhere = `${names.events}.nowhere`;
    const key = 'acme.crm.lead.add';
    const events = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        message(`${n}`, { routingKey: key, unroutable: names.unrouted, properties: { messageId: `m${n}` } }),
      );

    beforeEach(async () => {
      await channel.deleteQueue(queue);
      await channel.purgeQueue(names.unrouted);
      await channel.assertExchange(leadsNowhere, 'topic');
      await channel.bindExchange(leadsNowhere, names.events, key);
    });
    afterEach(() => channel.deleteExchange(leadsNowhere));

    it('sends what comes back to the exchange for that, each once, without ending the channel', async () => {
      const told: Record<string, unknown>[] = [];
      const logger = { info() {}, warn: (line: Record<string, unknown>) => void told.push(line), error() {} };
      const ours = new Publisher(connection, { logger });
      const results = await ours.publish(events(1500));
      expect(new Set(statuses(results))).toEqual(new Set(['confirmed']));
      const bodies: string[] = [];
      for (;;) {
        const got = await channel.get(names.unrouted, { noAck: true });
        if (got === false) break;
        expect(got.fields.routingKey).toBe(key);
        expect(got.properties.messageId).toBe(`m${got.content.toString()}`);
        bodies.push(got.content.toString());
      }
      expect(bodies).toHaveLength(1500);
      expect(new Set(bodies).size).toBe(1500);
      expect(
        told.map(({ event, exchange, routingKey, sentTo }) => [event, exchange, routingKey, sentTo]),
      ).toEqual([['publisher.unroutable', names.events, key, names.unrouted]]);
      await ours.close();
    });

    it('has the topology declared again where the other exchange leads nowhere either', async () => {
      await channel.deleteQueue(names.unrouted);
      const results = await publisher.publish(events(3));
      expect(new Set(statuses(results))).toEqual(new Set(['unconfirmed']));
      expect(statuses(await publisher.publish(events(3)))).toEqual(['confirmed', 'confirmed', 'confirmed']);
      expect((await channel.checkQueue(names.unrouted)).messageCount).toBe(3);
    });

    it('has the topology declared again for a message that has no other exchange', async () => {
      await channel.unbindQueue(names.dead, names.dead, '#');
      const letter = () => message('dead', { exchange: names.dead, routingKey: key });
      expect(statuses(await publisher.publish([letter()]))).toEqual(['unconfirmed']);
      expect(statuses(await publisher.publish([letter()]))).toEqual(['confirmed']);
    });
  });

  it('goes on through a small window, past a message larger than the window', async () => {
    const narrow = new Publisher(connection, { maxInFlight: 3, maxInFlightBytes: 5000 });
    const bodies = Array.from({ length: 40 }, (_, n) => `${n}:`.padEnd(n % 4 === 0 ? 300_000 : 2000, 'x'));
    const results = await narrow.publish(bodies.map((body) => message(body)));
    expect(new Set(statuses(results))).toEqual(new Set(['confirmed']));
    while (arrived.length < bodies.length) await pause(10);
    expect(arrived).toEqual(bodies);
    await narrow.close();
  });

  /** How many of 3,000 messages are on their way before the first answer can have come. */
  const sentAtOnce = async (bytes: number, options: PublisherOptions) => {
    const limited = new Publisher(connection, options);
    await limited.publish([message('warm')]);
    const stop = new AbortController();
    const list = Array.from({ length: 3000 }, () => message('x'.repeat(bytes)));
    const given = limited.publish(list, { signal: stop.signal });
    stop.abort();
    await given;
    await limited.publish([message('end')]);
    await untilArrived('end');
    await limited.close();
    return arrived.length - 2;
  };

  it('has no more in flight than its window allows, in messages', async () => {
    expect(await sentAtOnce(1, { maxInFlight: 3 })).toBe(3);
  });

  it('has no more in flight than its window allows, in bytes', async () => {
    expect(await sentAtOnce(2000, { maxInFlightBytes: 5000 })).toBe(2);
  });

  it('stops at a full channel buffer and goes on when it has drained', async () => {
    // Each body travels as two pieces at least, and the buffer holds about two thousand.
    const wide = { maxInFlight: 5000, maxInFlightBytes: 1024 ** 3 };
    expect(await sentAtOnce(3000, wide)).toBeLessThan(2000);
    const through = new Publisher(connection, wide);
    const results = await through.publish(Array.from({ length: 3000 }, () => message('x'.repeat(3000))));
    expect(new Set(statuses(results))).toEqual(new Set(['confirmed']));
    await through.close();
  });

  it('answers unconfirmed for all when aborted, and the others go on', async () => {
    const stop = new AbortController();
    const list = Array.from({ length: 3000 }, (_, n) => message(`${n}`));
    const [aborted, kept] = [
      publisher.publish(list, { signal: stop.signal }),
      publisher.publish([message('kept')]),
    ];
    stop.abort();
    expect(new Set(statuses(await aborted))).toEqual(new Set(['unconfirmed']));
    expect(statuses(await kept)).toEqual(['confirmed']);
    expect(statuses(await publisher.publish([message('no')], { signal: stop.signal }))).toEqual([
      'unconfirmed',
    ]);
    await untilArrived('kept');
    expect(arrived).not.toContain('2999');
  });

  it('confirms what is in flight on close, and nothing after', async () => {
    expect(statuses(await publisher.publish([message('warm')]))).toEqual(['confirmed']);
    const inFlight = publisher.publish(Array.from({ length: 100 }, (_, n) => message(`${n}`)));
    await publisher.close();
    expect(new Set(statuses(await inFlight))).toEqual(new Set(['confirmed']));
    expect(await publisher.publish([message('late')])).toEqual([
      { status: 'unconfirmed', reason: 'the publisher is closed' },
    ]);
  });
});
