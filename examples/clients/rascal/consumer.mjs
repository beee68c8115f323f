import Rascal from 'rascal';

const url = (process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672').split(',')[0];
const prefix = process.env.AMQP_PREFIX ?? 'bitrix24';
const queue = process.env.QUEUE ?? 'example-rascal';

/** Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect. */
const done = new Set();

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
async function book(deal, attempt) {
  // On purpose, to show a retry.
  if (deal === '7' && attempt === 1) throw new Error('deal 7 has no customer yet');
}

const events = `${prefix}.events`;
const vhost = decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
const config = Rascal.withDefaultConfig({
  vhosts: {
    [vhost]: {
      connection: { url },
      // Named for the binding, declared by the bridge.
      exchanges: { [events]: { assert: false } },
      queues: {
        [queue]: {
          options: {
            durable: true,
            arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': `${prefix}.failures` },
          },
        },
      },
      bindings: [{ source: events, destination: queue, bindingKey: '*.crm.deal.*' }],
    },
  },
  subscriptions: {
    // By default only application/json is parsed.
    deals: { vhost, queue, contentType: 'application/json', prefetch: 50 },
  },
});

const broker = await Rascal.BrokerAsPromised.create(config);
broker.on('error', (error) => console.error(error.message));

const subscription = await broker.subscribe('deals');
subscription
  .on('message', async (_message, event, ackOrNack) => {
    const deal = event.data?.data?.FIELDS?.ID;
    try {
      if (done.has(event.id)) console.log(`deal ${deal} is done already`);
      else {
        await book(deal, event.attempt);
        done.add(event.id);
        console.log(`deal ${deal} done, attempt ${event.attempt}`);
      }
      ackOrNack();
    } catch (error) {
      console.log(`deal ${deal} failed, attempt ${event.attempt}: ${error.message}`);
      ackOrNack(error); // without a recovery strategy: rejected, to the dead-letter exchange
    }
  })
  .on('invalid_content', (error, _message, ackOrNack) => ackOrNack(error))
  .on('error', (error) => console.error(error.message));
console.log(`waiting for deals on ${queue}`);
