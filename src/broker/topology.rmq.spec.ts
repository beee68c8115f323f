import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { withErrorListener } from './amqp-handles.js';
import { declareTopology, deleteTopology, topologyNames, TopologyConflict } from './topology.js';
import { repliesQueue } from './queue-options.js';

const url = process.env['RABBITMQ_URL']?.split(',')[0] ?? 'amqp://guest:guest@127.0.0.1:5672';

describe('topology', () => {
  const names = topologyNames(`test-${randomUUID()}`);
  let model: ChannelModel;
  let channel: ConfirmChannel;
  const anotherChannel = async () => withErrorListener(await model.createConfirmChannel());

  beforeEach(async () => {
    model = await connect(url);
    channel = await anotherChannel();
  });

  afterEach(async () => {
    await deleteTopology(await anotherChannel(), names);
    await model.close();
  });

  const depth = async (queue: string) => (await channel.checkQueue(queue)).messageCount;
  /** A quorum queue's count trails the confirm by a moment. */
  const untilDepth = async (queue: string, expected: number) => {
    while ((await depth(queue)) !== expected) await pause(20);
  };

  it('is named after the prefix', () => {
    expect(topologyNames('bitrix24')).toEqual({
      events: 'bitrix24.events',
      unrouted: 'bitrix24.unrouted',
      replies: 'bitrix24.replies',
      failures: 'bitrix24.failures',
      rejected: 'bitrix24.replies.rejected',
      dead: 'bitrix24.dead',
      owner: 'bitrix24.owner',
    });
  });

  it('can be declared again, and together with what else declares the reply queue', async () => {
    await declareTopology(channel, names);
    await declareTopology(channel, names);
    await channel.assertQueue(names.replies, repliesQueue(names.rejected).options);
  });

  it('keeps events that nobody is bound to, and sends others only where they belong', async () => {
    await declareTopology(channel, names);
    const bound = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(bound.queue, names.events, 'acme.crm.deal.*');
    channel.publish(names.events, 'acme.crm.deal.update', Buffer.from('1'));
    channel.publish(names.events, 'acme.crm.lead.update', Buffer.from('2'));
    channel.publish(names.events, 'other.crm.deal.update', Buffer.from('3'));
    await channel.waitForConfirms();
    await untilDepth(bound.queue, 1);
    await untilDepth(names.unrouted, 2);
  });

  it('turns a rejected event into a failure report and keeps what is dead under any key', async () => {
    await declareTopology(channel, names);
    const consumer = await channel.assertQueue('', { exclusive: true, deadLetterExchange: names.failures });
    await channel.bindQueue(consumer.queue, names.events, '#');
    channel.publish(names.events, 'acme.crm.deal.update', Buffer.from('event'));
    channel.publish(names.dead, 'acme.any.thing', Buffer.from('dead'));
    await channel.waitForConfirms();
    let event = await channel.get(consumer.queue);
    while (event === false) event = await channel.get(consumer.queue);
    channel.nack(event, false, false);
    await untilDepth(names.replies, 1);
    await untilDepth(names.dead, 1);
    const report = await channel.get(names.replies, { noAck: true });
    expect(report === false ? null : report.properties.headers?.['x-death']?.[0]?.reason).toBe('rejected');
  });

  it('parks a reply that is given up instead of dropping it', async () => {
    await declareTopology(channel, names);
    channel.sendToQueue(names.replies, Buffer.from('reply'));
    await channel.waitForConfirms();
    let reply = await channel.get(names.replies);
    while (reply === false) reply = await channel.get(names.replies);
    channel.nack(reply, false, false);
    await untilDepth(names.rejected, 1);
  });

  const conflictOf = async () => {
    try {
      await declareTopology(await anotherChannel(), names);
    } catch (error) {
      if (error instanceof TopologyConflict) return error;
      throw error;
    }
    throw new Error('no conflict');
  };

  it('names the queue that differs, the difference and the way out', async () => {
    await channel.assertQueue(names.replies, { durable: true });
    const conflict = await conflictOf();
    expect(conflict.object).toBe(`queue ${names.replies}`);
    expect(conflict.message).toContain(names.replies);
    expect(conflict.difference).toMatch(/inequivalent arg 'x-.*'/);
    expect(conflict.message).toMatch(/Delete it.*AMQP_PREFIX/);
  });

  it('names the exchange that differs', async () => {
    await channel.assertExchange(names.events, 'fanout', { alternateExchange: names.unrouted });
    const conflict = await conflictOf();
    expect(conflict.object).toBe(`exchange ${names.events}`);
    expect(conflict.difference).toMatch(/'type'.*'topic'.*'fanout'/);
  });

  it('names a queue that another connection holds for itself', async () => {
    const other = await connect(url);
    await (await other.createChannel()).assertQueue(names.dead, { exclusive: true });
    const conflict = await conflictOf();
    expect(conflict.object).toBe(`queue ${names.dead}`);
    await other.close();
  });
});
