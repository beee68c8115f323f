import amqp from 'amqplib';
import { type RawConsumeReport, type RawConsumeTask } from '../raw-consumer.js';
import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker, RABBITMQ_URL } from '../support/broker.js';
import { runProgram } from '../support/child-program.js';
import { Portals, UNLIMITED } from '../support/portals.js';
import { profileClock, readProfile } from '../support/profile.js';
import { Service } from '../support/service.js';
import { until } from '../support/until.js';

/** As many as the bridge itself has in hand. */
const PREFETCH = 1000;
const WINDOW = 1000;
const PORTALS = 20;

/** Sends one reply for each correlation id, confirmed; resolves when the broker has them all. */
async function sendReplies(queue: string, correlationIds: readonly string[]): Promise<void> {
  const connection = await amqp.connect(RABBITMQ_URL);
  const channel = await connection.createConfirmChannel();
  const body = Buffer.from(JSON.stringify({ status: 'processed' }));
  for (let start = 0; start < correlationIds.length; start += WINDOW) {
    for (const correlationId of correlationIds.slice(start, start + WINDOW)) {
      channel.sendToQueue(queue, body, { correlationId, persistent: true });
    }
    await channel.waitForConfirms();
  }
  await connection.close();
}

async function run(context: RunContext): Promise<Measurement> {
  const { cleanup, quick, profile, say } = context;
  const count = context.portals ?? PORTALS;
  const perPortal = Math.ceil((quick ? 5000 : 20_000) / count);
  const total = perPortal * count;
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(count, UNLIMITED);
  await portals.changeAll(all, perPortal);
  const broker = await Broker.open(cleanup);
  const correlationIds = new Set<string>();
  await broker.consume((message) => correlationIds.add(String(message.properties.correlationId)));
  const service = await Service.start(
    cleanup,
    {
      ...broker.settings,
      ...portals.settings,
      DATABASE_URL: await portals.installInto(all),
      B24_RATE_PER_SECOND: '10000',
      B24_RATE_BURST: '100000',
      SETTLE_MODE: 'ack',
      SETTLE_AFTER_MS: '600000',
    },
    { profile },
  );
  const published = async () => (await service.scrape()).sum('bridge_events_published_total');
  await until('every event', () => correlationIds.size >= total);
  await until('the ledger to know', async () => (await published()) >= total, { everyMs: 200 });

  say(`${total} replies`);
  const settled = async () =>
    (await service.scrape()).sum('bridge_events_settled_total', 'outcome="processed"');
  const cpuBefore = await service.cpuSeconds();
  const from = profileClock();
  const startedAt = performance.now();
  await sendReplies(broker.names.replies, [...correlationIds]);
  const sentAt = performance.now();
  await until('an empty reply queue', async () => (await broker.depth(broker.names.replies)) === 0, {
    everyMs: 10,
  });
  await until('every reply in the ledger', async () => (await settled()) >= total, { everyMs: 10 });
  const recordedAt = performance.now();
  const to = profileClock();
  const cpu = (await service.cpuSeconds()) - cpuBefore;
  await until('empty portals', async () => (await portals.rowsLeft()) === 0, { everyMs: 200 });
  const destroyed = await portals.destroyed();
  const outcomes = (await service.scrape()).sum('bridge_events_settled_total');
  const file = await service.stop();

  say('the same, consumed and only acknowledged');
  const raw = await consumeRaw(context, broker, [...correlationIds]);
  const micros = (cpu / total) * 1e6;
  const perSecond = (total / (recordedAt - startedAt)) * 1000;
  return {
    ratios: [
      {
        name: 'replies/s, bridge ÷ raw consume and acknowledge',
        value: perSecond / raw.perSecond,
        unit: '×',
      },
      { name: 'CPU time per reply, bridge ÷ raw', value: micros / raw.microsPerReply, unit: '×' },
    ],
    figures: [
      { name: 'bridge: replies/s into the ledger', value: perSecond, unit: 'replies/s' },
      { name: 'raw: replies/s', value: raw.perSecond, unit: 'replies/s' },
      { name: 'replies/s sent', value: (total / (sentAt - startedAt)) * 1000, unit: 'replies/s' },
      { name: 'bridge: CPU time of the process', value: micros, unit: 'µs/reply' },
      { name: 'raw: CPU time of the process', value: raw.microsPerReply, unit: 'µs/reply' },
      { name: 'bridge: warnings logged', value: service.complained, unit: 'lines' },
    ],
    checks: [
      {
        name: 'every reply settled its event once',
        ok: outcomes === total,
        found: `${outcomes} of ${total}`,
      },
      { name: 'no live change was destroyed', ok: destroyed === 0, found: `${destroyed} destroyed` },
    ],
    ...(file === null ? {} : { profile: readProfile(file, from, to) }),
  };
}

/** What a consumer takes that does nothing with the replies. */
async function consumeRaw(
  { cleanup }: RunContext,
  broker: Broker,
  correlationIds: readonly string[],
): Promise<{ perSecond: number; microsPerReply: number }> {
  const count = correlationIds.length;
  const task: RawConsumeTask = {
    rabbitmqUrl: RABBITMQ_URL,
    queue: broker.names.replies,
    count,
    prefetch: PREFETCH,
  };
  let ready = false;
  let takenAt = Number.NaN;
  let cpuSeconds = Number.NaN;
  const consumed = runProgram(cleanup, 'raw-consumer.js', task, (message) => {
    const report = message as RawConsumeReport;
    if ('ready' in report) ready = true;
    else {
      takenAt = performance.now();
      ({ cpuSeconds } = report);
    }
  });
  await until('the raw consumer', () => ready);
  const startedAt = performance.now();
  await Promise.all([sendReplies(broker.names.replies, correlationIds), consumed]);
  return {
    perSecond: (count / (takenAt - startedAt)) * 1000,
    microsPerReply: (cpuSeconds / count) * 1e6,
  };
}

export const replies: Scenario = {
  name: 'replies',
  title: 'replies of consumers into the ledger',
  method: [
    'SETTLE_MODE ack, every event delivered and none settled; then one processed reply for each, published with ' +
      'confirms. Measured from the first reply until the queue is empty and the ledger counts all of them.',
    'Raw: the same replies through the same queue to a consumer of its own process that only acknowledges them.',
  ],
  targets: [{ figure: 'bridge: replies/s into the ledger', atLeast: 5000 }],
  run,
};
