import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { concat, from, type Observable, of, throwError } from 'rxjs';
import { decodeCorrelationId, encodeEvent } from './event.js';
import { readReplies, type Reply } from './reply.js';

const url = process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';

/** What a handler is given: the `data` of an event's body. */
interface Given {
  event: string;
  data: { behaviour: string };
  userId: string | null;
}

const behaviours: Record<string, () => unknown> = {
  'returns nothing': () => undefined,
  'resolves to nothing': () => Promise.resolve(),
  'returns a value': () => ({ status: 'failed', done: true }),
  'throws an Error': () => {
    throw new Error('secret detail');
  },
  rejects: () => Promise.reject(new Error('secret detail')),
  'throws an RpcException': () => {
    throw new RpcException('the order has no customer');
  },
  'throws an RpcException of an object': () => {
    throw new RpcException({ code: 42, message: 'the order is closed' });
  },
  'throws an RpcException of nothing': () => {
    throw new RpcException(null as unknown as string);
  },
  'streams several values': () => from([1, 2, 3]),
  'streams nothings': (): Observable<unknown> => of(undefined, undefined),
  'streams no value': () => from([]),
  'streams values and fails': () =>
    concat(
      of(1),
      throwError(() => new RpcException('half way')),
    ),
};

const handled: Given[] = [];

@Controller()
class Consumer {
  @EventPattern('*.crm.deal.*')
  onDeal(@Payload() given: Given): unknown {
    handled.push(given);
    return behaviours[given.data.behaviour]?.();
  }

  @MessagePattern('*.crm.lead.*')
  onLead(@Payload() given: Given): unknown {
    handled.push(given);
    return behaviours[given.data.behaviour]?.();
  }
}

@Module({ controllers: [Consumer] })
class ConsumerModule {}

describe('what a NestJS RMQ server answers to an event', () => {
  const queue = `test.contract.${randomUUID()}`;
  const answers = new Map<string, { reply: Reply; body: unknown }[]>();
  const waiting: (() => void)[] = [];
  let app: INestMicroservice;
  let connection: ChannelModel;
  let channel: Channel;
  let replies: string;

  beforeAll(async () => {
    connection = await connect(url);
    channel = await connection.createChannel();
    replies = (await channel.assertQueue('', { exclusive: true })).queue;
    await channel.consume(
      replies,
      (message) => {
        if (message === null) return;
        const messageId = decodeCorrelationId(String(message.properties.correlationId))?.messageId ?? '';
        const [reply] = readReplies(message, 'test.failures').replies;
        if (reply === undefined) throw new Error(`no reply: ${message.content.toString()}`);
        const answer = {
          reply,
          body: JSON.parse(message.content.toString()) as unknown,
        };
        answers.set(messageId, [...(answers.get(messageId) ?? []), answer]);
        for (const wake of waiting.splice(0)) wake();
      },
      { noAck: true },
    );
    app = await NestFactory.createMicroservice<MicroserviceOptions>(ConsumerModule, {
      transport: Transport.RMQ,
      options: { urls: [url], queue, queueOptions: { durable: true }, wildcards: true },
      logger: false,
    });
    await app.listen();
    // NestJS binds what it handles; this brings it what it does not.
    await channel.bindQueue(queue, queue, '*.crm.contact.*');
  });

  afterAll(async () => {
    // An answer can arrive here before its own confirm; closing then would fail what has long arrived.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await app?.close();
    await channel?.deleteQueue(queue);
    await channel?.deleteExchange(queue);
    await connection?.close();
  });

  /** All that is answered to one event, up to the answer that decides it. */
  async function answersTo(event: string, behaviour: string): Promise<{ reply: Reply; body: unknown }[]> {
    const messageId = `${randomUUID()}: any "text"`;
    const facts = {
      memberId: 'a223c6b3710f85df22e9377d6c4f7553',
      portal: 'acme',
      source: 'https://acme.bitrix24.com',
      processId: 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6',
      messageId,
      rowId: '17',
      changedAt: 1721298751,
      event,
      data: { behaviour },
      userId: '1',
      attempt: 3,
    };
    const { routingKey, body, properties } = encodeEvent(facts, replies);
    channel.publish(queue, routingKey, body, properties);
    for (;;) {
      const got = answers.get(messageId) ?? [];
      if (got.some(({ reply }) => reply.outcome !== 'partial')) {
        for (const { reply } of got) {
          expect(reply).toMatchObject({
            kind: 'nest',
            target: {
              portal: { memberId: facts.memberId },
              processId: facts.processId,
              messageIds: [messageId],
              attempt: 3,
            },
          });
        }
        return got;
      }
      await new Promise<void>((wake) => waiting.push(wake));
    }
  }

  async function outcomesOf(event: string, behaviour: string): Promise<string[]> {
    const got = await answersTo(event, behaviour);
    return got.map(({ reply }) =>
      reply.reason === null ? reply.outcome : `${reply.outcome}: ${reply.reason}`,
    );
  }

  const expected: [string, string[]][] = [
    ['returns nothing', ['processed']],
    ['resolves to nothing', ['processed']],
    ['returns a value', ['processed']],
    ['throws an Error', ['failed: Internal server error']],
    ['rejects', ['failed: Internal server error']],
    ['throws an RpcException', ['failed: the order has no customer']],
    ['throws an RpcException of an object', ['failed: the order is closed']],
    ['throws an RpcException of nothing', ['failed: {"status":"error","message":null}']],
    ['streams several values', ['partial', 'partial', 'processed']],
    ['streams nothings', ['partial', 'processed']],
    ['streams no value', ['processed']],
    ['streams values and fails', ['partial', 'failed: half way']],
  ];

  it.each(expected)('an @EventPattern handler that %s', async (behaviour, outcomes) => {
    expect(await outcomesOf('ONCRMDEALUPDATE', behaviour)).toEqual(outcomes);
    expect(handled.at(-1)).toEqual({ event: 'ONCRMDEALUPDATE', data: { behaviour }, userId: '1' });
  });

  it.each(expected)('a @MessagePattern handler that %s', async (behaviour, outcomes) => {
    expect(await outcomesOf('ONCRMLEADADD', behaviour)).toEqual(outcomes);
  });

  it('an event that nothing handles has failed', async () => {
    const reason = 'There is no matching message handler defined in the remote service.';
    expect(await outcomesOf('ONCRMCONTACTADD', 'returns nothing')).toEqual([`failed: ${reason}`]);
  });

  it('the bare answer of a handler that returns nothing', async () => {
    const [answer] = await answersTo('ONCRMDEALADD', 'returns nothing');
    expect(answer?.body).toEqual({ isDisposed: true });
  });
});
