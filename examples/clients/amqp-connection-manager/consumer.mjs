import { connect } from 'amqp-connection-manager';

const urls = (process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672').split(',');
const prefix = process.env.AMQP_PREFIX ?? 'bitrix24';
const queue = process.env.QUEUE ?? 'example-amqp-connection-manager';

/** Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect. */
const done = new Set();

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
async function book(deal, attempt) {
  // On purpose, to show a retry.
  if (deal === '7' && attempt === 1) throw new Error('deal 7 has no customer yet');
}

const connection = connect(urls);
connection.on('disconnect', ({ err }) => console.error(`disconnected: ${err.message}`));
connection.on('connectFailed', ({ err }) => console.error(`no connection: ${err.message}`));

const channel = connection.createChannel({
  // Runs again on every new connection, and so do the consumers below.
  setup: async (channel) => {
    await channel.assertQueue(queue, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': `${prefix}.failures` },
    });
    await channel.bindQueue(queue, `${prefix}.events`, '*.crm.deal.*');
  },
});
// A setup that fails is told here and nowhere else.
channel.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});

async function onEvent(message) {
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
}

await channel.consume(queue, onEvent, { prefetch: 50 });
await channel.waitForConnect();
console.log(`waiting for deals on ${queue}`);
