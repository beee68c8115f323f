import 'reflect-metadata';
import { MessageHandlerErrorBehavior, RabbitMQModule, RabbitSubscribe } from '@golevelup/nestjs-rabbitmq';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const prefix = process.env['AMQP_PREFIX'] ?? 'bitrix24';
const queue = process.env['QUEUE'] ?? 'example-golevelup';

/** What a handler gets: the event as it is. */
interface DealEvent {
  readonly id: string;
  readonly attempt: number;
  readonly data: { readonly data: { readonly FIELDS: { readonly ID: string } } };
}

/** Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect. */
const done = new Set<string>();

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
async function book(dealId: string, attempt: number): Promise<void> {
  await Promise.resolve();
  // On purpose, to show a retry.
  if (dealId === '7' && attempt === 1) throw new Error('deal 7 has no customer yet');
}

@Injectable()
class Deals {
  @RabbitSubscribe({
    exchange: `${prefix}.events`,
    routingKey: '*.crm.deal.*',
    queue,
    queueOptions: {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': `${prefix}.failures` },
    },
    // The default is REQUEUE: a handler that throws gets the same event again at once, for ever.
    errorBehavior: MessageHandlerErrorBehavior.NACK,
  })
  async changed(event: DealEvent): Promise<void> {
    const dealId = event.data.data.FIELDS.ID;
    if (done.has(event.id)) return console.log(`deal ${dealId} is done already`);
    try {
      await book(dealId, event.attempt);
    } catch (error) {
      console.log(`deal ${dealId} failed, attempt ${event.attempt}`);
      throw error; // rejected without requeue: to the dead-letter exchange
    }
    done.add(event.id);
    console.log(`deal ${dealId} done, attempt ${event.attempt}`);
  }
}

@Module({
  imports: [
    RabbitMQModule.forRoot({
      uri: (process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672').split(','),
      // No `exchanges`: the bridge declares its own.
      prefetchCount: 50,
    }),
  ],
  providers: [Deals],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
console.log(`waiting for deals on ${queue}`);
