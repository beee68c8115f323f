import { Connection, ConsumerStatus } from 'rabbitmq-client';

const url = (process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672').split(',')[0];
const prefix = process.env.AMQP_PREFIX ?? 'bitrix24';
const queue = process.env.QUEUE ?? 'example-rabbitmq-client';

/** Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect. */
const done = new Set();

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
async function book(deal, attempt) {
  // On purpose, to show a retry.
  if (deal === '7' && attempt === 1) throw new Error('deal 7 has no customer yet');
}

const connection = new Connection(url);
connection.on('error', (error) => console.error(error.message));

const consumer = connection.createConsumer(
  {
    queue,
    queueOptions: {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': `${prefix}.failures` },
    },
    // No `exchanges`: the bridge declares its own.
    queueBindings: [{ exchange: `${prefix}.events`, routingKey: '*.crm.deal.*' }],
    qos: { prefetchCount: 50 },
    // Without this a handler that throws gets the same event again at once, for ever.
    requeue: false,
  },
  async (message) => {
    let event;
    try {
      // Only application/json is parsed by the client.
      event = JSON.parse(message.body.toString());
      const deal = event.data.data.FIELDS.ID;
      if (done.has(event.id)) console.log(`deal ${deal} is done already`);
      else {
        await book(deal, event.attempt);
        done.add(event.id);
        console.log(`deal ${deal} done, attempt ${event.attempt}`);
      }
      return ConsumerStatus.ACK;
    } catch (error) {
      console.log(
        `deal ${event?.data?.data?.FIELDS?.ID} failed, attempt ${event?.attempt}: ${error.message}`,
      );
      return ConsumerStatus.DROP; // to the dead-letter exchange
    }
  },
);
consumer.on('error', (error) => console.error(error.message));
consumer.once('ready', () => console.log(`waiting for deals on ${queue}`));
