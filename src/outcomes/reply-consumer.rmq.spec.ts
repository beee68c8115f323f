import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqp, { type ChannelModel, type ConsumeMessage } from 'amqplib';
import { ReplyConsumer } from './reply-consumer.js';

const url = process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';
const MESSAGES = 5000;

describe('the consumer of a quorum queue', () => {
  let connection: ChannelModel;
  const queue = `consumer-${randomBytes(6).toString('hex')}`;
  beforeAll(async () => {
    connection = await amqp.connect(url);
    const channel = await connection.createChannel();
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.close();
  });
  afterAll(async () => {
    const channel = await connection.createChannel();
    await channel.deleteQueue(queue);
    await connection.close();
  });

  it('misses none while its prefetch changes all the time, and holds no more than it asked for', async () => {
    const publisher = await connection.createConfirmChannel();
    for (let i = 0; i < MESSAGES; i += 1) publisher.sendToQueue(queue, Buffer.from(String(i)));
    await publisher.waitForConfirms();
    const channel = await connection.createChannel();
    let failure: unknown = null;
    channel.on('error', (error) => (failure = error));
    const seen = new Set<string>();
    const consumer = new ReplyConsumer(channel, queue, (message) => {
      if (message === null) throw new Error('cancelled');
      seen.add(message.content.toString());
      channel.ack(message);
      if (seen.size % 40 === 0)
        consumer.read([1, 64, 0, 1000][(seen.size / 40) % 4] ?? 1).catch(() => undefined);
    });
    await consumer.read(64);
    while (seen.size < MESSAGES && failure === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (!consumer.reading) await consumer.read(10);
    }
    expect(failure).toBeNull();
    expect(seen.size).toBe(MESSAGES);
    await consumer.read(0);
    // RabbitMQ 4 counts it until it has heard of what was acknowledged last.
    while ((await channel.checkQueue(queue)).consumerCount > 0)
      await new Promise((resolve) => setTimeout(resolve, 20));

    for (let i = 0; i < 100; i += 1) publisher.sendToQueue(queue, Buffer.from('x'));
    await publisher.waitForConfirms();
    const held: ConsumeMessage[] = [];
    const holding = new ReplyConsumer(channel, queue, (message) => message !== null && held.push(message));
    await holding.read(7);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(held).toHaveLength(7);
    await holding.read(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // What was in hand stays in hand, and one more comes.
    expect(held).toHaveLength(8);
    for (const message of held) channel.ack(message);
    await channel.close();
    await publisher.close();
  });
});
