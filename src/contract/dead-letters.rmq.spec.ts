import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Channel, type ChannelModel, connect, type ConsumeMessage, type Options } from 'amqplib';
import { encodeDeadEvent, encodeEvent } from './event.js';
import { readReplies } from './reply.js';

const url = process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';

describe('what RabbitMQ makes of an event that a consumer gave up', () => {
  const facts = {
    memberId: 'a223c6b3710f85df22e9377d6c4f7553',
    portal: 'acme',
    source: 'https://acme.bitrix24.com',
    processId: 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6',
    messageId: 'b0c7f7c2:語 "1"',
    rowId: '17',
    changedAt: 1721298751,
    event: 'ONCRMDEALUPDATE',
    data: { FIELDS: { ID: '1' } },
    userId: null,
    attempt: 2,
  };
  const target = {
    portal: { memberId: facts.memberId },
    processId: facts.processId,
    messageIds: [facts.messageId],
    attempt: 2,
  };
  const suffix = randomUUID();
  const failures = `test.contract.failures.${suffix}`;
  const consumerQueues: string[] = [];
  const arrived: ConsumeMessage[] = [];
  let wake = () => {};
  let connection: ChannelModel;
  let channel: Channel;

  beforeAll(async () => {
    connection = await connect(url);
    channel = await connection.createChannel();
    await channel.assertExchange(failures, 'fanout', { autoDelete: true, durable: false });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, failures, '');
    await channel.consume(
      queue,
      (message) => {
        if (message !== null) arrived.push(message);
        wake();
      },
      { noAck: true },
    );
  });

  afterAll(async () => {
    for (const queue of consumerQueues) await channel?.deleteQueue(queue);
    await connection?.close();
  });

  async function consumerQueue(name: string, options: Options.AssertQueue): Promise<string> {
    const queue = `test.contract.${name}.${suffix}`;
    await channel.assertQueue(queue, { deadLetterExchange: failures, ...options });
    consumerQueues.push(queue);
    return queue;
  }

  function send(queue: string): void {
    const { body, properties } = encodeEvent(facts, 'bitrix24.replies');
    channel.sendToQueue(queue, body, properties);
  }

  async function nextDeadLetter(): Promise<ConsumeMessage> {
    for (;;) {
      const message = arrived.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  const parseReply = (message: ConsumeMessage) => readReplies(message, failures).replies[0];

  function failed(reason: string): unknown {
    return { kind: 'dead_letter', outcome: 'failed', reason, target };
  }

  it('rejected', async () => {
    const queue = await consumerQueue('billing', { durable: false });
    await channel.consume(queue, (message) => message && channel.nack(message, false, false));
    send(queue);
    expect(parseReply(await nextDeadLetter())).toEqual(failed(`rejected by queue ${queue}`));
  });

  it('expired', async () => {
    const queue = await consumerQueue('slow', { durable: false, messageTtl: 1 });
    send(queue);
    expect(parseReply(await nextDeadLetter())).toEqual(failed(`expired in queue ${queue}`));
  });

  it('pushed out of a full queue', async () => {
    const queue = await consumerQueue('full', { durable: false, maxLength: 1 });
    send(queue);
    send(queue);
    expect(parseReply(await nextDeadLetter())).toEqual(failed(`maxlen in queue ${queue}`));
  });

  it('delivered too often', async () => {
    const queue = await consumerQueue('stubborn', {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1 },
    });
    await channel.consume(queue, (message) => message && channel.nack(message, false, true));
    send(queue);
    expect(parseReply(await nextDeadLetter())).toEqual(failed(`delivery_limit in queue ${queue}`));
  });

  it('rejected after its consumer delayed it: the newest death counts', async () => {
    const work = await consumerQueue('work', { durable: false });
    const delay = await consumerQueue('delay', {
      durable: false,
      messageTtl: 1,
      deadLetterExchange: '',
      deadLetterRoutingKey: work,
    });
    await channel.consume(work, (message) => message && channel.nack(message, false, false));
    send(delay);
    const message = await nextDeadLetter();
    expect(message.properties.headers?.['x-death']).toHaveLength(2);
    expect(parseReply(message)).toEqual(failed(`rejected by queue ${work}`));
  });

  it('passes an unencodable one on too, with every property within bounds', async () => {
    const queue = await consumerQueue('dead', { durable: false });
    const huge = { ...facts, messageId: '語'.repeat(100), event: 'x'.repeat(10_000) };
    const { body, properties } = encodeDeadEvent(huge, 'q'.repeat(300), '語'.repeat(10_000), 5);
    channel.sendToQueue(queue, body, properties);
    await channel.consume(queue, (message) => message && channel.nack(message, false, false));
    const message = await nextDeadLetter();
    expect(message.content.equals(body)).toBe(true);
    expect(message.properties.headers).toMatchObject({ ...properties.headers, 'x-bridge-attempts': 5 });
  });
});
