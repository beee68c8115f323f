import amqp from 'amqplib';

const url = (process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672').split(',')[0];
const prefix = process.env.AMQP_PREFIX ?? 'bitrix24';
const queue = process.env.QUEUE ?? 'example-amqplib';

/** Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect. */
const done = new Set();

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
async function book(deal, attempt) {
  // On purpose, to show a retry.
  if (deal === '7' && attempt === 1) throw new Error('deal 7 has no customer yet');
}

const connection = await amqp.connect(url);
connection.on('error', (error) => console.error(error.message));
// Whoever started this program starts it again: what was not acknowledged is delivered again.
connection.on('close', () => process.exit(1));
const channel = await connection.createChannel();
channel.on('error', (error) => console.error(error.message));
channel.on('close', () => process.exit(1));
await channel.prefetch(50);
await channel.assertQueue(queue, {
  durable: true,
  arguments: {
    'x-queue-type': 'quorum',
    // The bridge listens behind this exchange: an event that is rejected is a failure report.
    'x-dead-letter-exchange': `${prefix}.failures`,
  },
});
await channel.bindQueue(queue, `${prefix}.events`, '*.crm.deal.*');

await channel.consume(queue, async (message) => {
  if (message === null) process.exit(1); // the queue was deleted
  let event;
  try {
    event = JSON.parse(message.content.toString());
    const deal = event.data.data.FIELDS.ID;
    if (done.has(event.id)) console.log(`deal ${deal} is done already`);
    else {
      await book(deal, event.attempt);
      done.add(event.id);
      console.log(`deal ${deal} done, attempt ${event.attempt}`);
    }
    channel.ack(message);
  } catch (error) {
    console.log(`deal ${event?.data?.data?.FIELDS?.ID} failed, attempt ${event?.attempt}: ${error.message}`);
    channel.nack(message, false, false);
  }
});
console.log(`waiting for deals on ${queue}`);
