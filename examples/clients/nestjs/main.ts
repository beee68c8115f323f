import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Ctx,
  EventPattern,
  type MicroserviceOptions,
  Payload,
  RmqContext,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { type ConsumeMessage, type Channel } from 'amqplib';

const prefix = process.env['AMQP_PREFIX'] ?? 'bitrix24';
const queue = process.env['QUEUE'] ?? 'example-nestjs';

/** The `data` of an event: which object changed. */
interface Change {
  readonly event: string;
  readonly data: { readonly FIELDS: { readonly ID: string } };
}

/** Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect. */
const done = new Set<string>();

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
async function book(dealId: string, attempt: number): Promise<void> {
  await Promise.resolve();
  // On purpose, to show a retry. An RpcException passes its reason on, any other error stays unnamed.
  if (dealId === '7' && attempt === 1) throw new RpcException('deal 7 has no customer yet');
}

@Controller()
class Deals {
  @EventPattern<string>('*.crm.deal.*')
  async changed(@Payload() change: Change, @Ctx() context: RmqContext): Promise<void> {
    const message = context.getMessage() as ConsumeMessage;
    const channel = context.getChannelRef() as Channel;
    const id = String(message.properties.messageId);
    const attempt = Number(message.properties.headers?.['x-attempt']);
    const dealId = change.data.FIELDS.ID;
    try {
      if (done.has(id)) return console.log(`deal ${dealId} is done already`);
      await book(dealId, attempt);
      done.add(id);
      console.log(`deal ${dealId} done, attempt ${attempt}`);
    } catch (error) {
      console.log(`deal ${dealId} failed, attempt ${attempt}`);
      throw error; // NestJS answers with it, and the answer is the failure report
    } finally {
      channel.ack(message);
    }
  }
}

@Module({ controllers: [Deals] })
class AppModule {}

const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
  transport: Transport.RMQ,
  options: {
    urls: (process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672').split(','),
    queue,
    queueOptions: { durable: true, arguments: { 'x-queue-type': 'quorum' } },
    exchange: `${prefix}.events`,
    exchangeType: 'topic',
    exchangeArguments: { 'alternate-exchange': `${prefix}.unrouted` },
    wildcards: true,
    noAck: false,
    prefetchCount: 50,
  },
});
await app.listen();
console.log(`waiting for deals on ${queue}`);
