import { AMQPSession } from '@cloudamqp/amqp-client';

const url = (process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672').split(',')[0];
const prefix = process.env.AMQP_PREFIX ?? 'bitrix24';
const name = process.env.QUEUE ?? 'example-cloudamqp';

/** Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect. */
const done = new Set();

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
async function book(deal, attempt) {
  // On purpose, to show a retry.
  if (deal === '7' && attempt === 1) throw new Error('deal 7 has no customer yet');
}

const session = await AMQPSession.connect(url);
const queue = await session.queue(name, {
  durable: true,
  arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': `${prefix}.failures` },
});
// The name only: `session.exchange(…)` would declare it.
await queue.bind(`${prefix}.events`, '*.crm.deal.*');

// requeueOnNack is true by default: a callback that throws would get the same event again at once, for ever.
await queue.subscribe({ prefetch: 50, requeueOnNack: false }, async (message) => {
  let event;
  try {
    event = JSON.parse(message.bodyString());
    const deal = event.data.data.FIELDS.ID;
    if (done.has(event.id)) console.log(`deal ${deal} is done already`);
    else {
      await book(deal, event.attempt);
      done.add(event.id);
      console.log(`deal ${deal} done, attempt ${event.attempt}`);
    }
  } catch (error) {
    console.log(`deal ${event?.data?.data?.FIELDS?.ID} failed, attempt ${event?.attempt}: ${error.message}`);
    throw error; // rejected without requeue: to the dead-letter exchange
  }
});
console.log(`waiting for deals on ${name}`);
