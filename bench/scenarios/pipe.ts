import { type NestEmitReport, type NestEmitTask } from '../nest-emitter.js';
import { type ConsumeMessage } from 'amqplib';
import { type RawPublishReport, type RawPublishTask } from '../raw-publisher.js';
import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { type Cleanup } from '../support/cleanup.js';
import { Broker, RABBITMQ_URL } from '../support/broker.js';
import { runProgram } from '../support/child-program.js';
import { Portals, UNLIMITED } from '../support/portals.js';
import { profileClock, readProfile } from '../support/profile.js';
import { Service } from '../support/service.js';
import { rateBetween, type Sample } from '../support/statistics.js';
import { pause, until } from '../support/until.js';

/** As many as the bridge's own publisher has in flight. */
const WINDOW = 1000;
const PORTALS = 200;
/** The first tenth warms both up and is not measured. */
const MEASURED_FROM = 0.1;

interface Piped {
  readonly samples: readonly Sample[];
  readonly perSecondUntilCleared: number;
  readonly cpuMicrosPerEvent: number;
  readonly destroyed: number;
  readonly complaints: number;
  readonly profile: Measurement['profile'];
}

async function pipeThrough(
  { cleanup, profile }: RunContext,
  broker: Broker,
  count: number,
  perPortal: number,
): Promise<Piped> {
  const total = count * perPortal;
  const portals = await Portals.start(cleanup);
  const all = await portals.addMany(count, UNLIMITED);
  await portals.changeAll(all, perPortal);
  const service = await Service.start(
    cleanup,
    {
      ...broker.settings,
      ...portals.settings,
      DATABASE_URL: await portals.installInto(all),
      B24_RATE_PER_SECOND: '10000',
      B24_RATE_BURST: '100000',
      // Short, so that settling and clearing belong to what is measured.
      SETTLE_AFTER_MS: '1000',
    },
    { profile },
  );

  const samples: Sample[] = [];
  let from: { clock: number; cpu: number; count: number } | null = null;
  for (let count = 0; count < total;) {
    count = await broker.depth(broker.queue);
    samples.push({ at: performance.now(), count });
    if (from === null && count >= total * MEASURED_FROM) {
      from = { clock: profileClock(), cpu: await service.cpuSeconds(), count };
    }
    // The raw publisher counts for itself: to ask the broker more often would be work that only one of the two has.
    await pause(50);
  }
  const to = { clock: profileClock(), cpu: await service.cpuSeconds() };
  if (from === null) throw new Error('no event arrived');
  await until('empty portals', async () => (await portals.rowsLeft()) === 0, { everyMs: 100 });
  const clearedAt = performance.now();
  const startedAt = samples.find(({ count }) => count > 0)?.at ?? 0;
  const destroyed = await portals.destroyed();
  const file = await service.stop();
  return {
    samples,
    perSecondUntilCleared: (total / (clearedAt - startedAt)) * 1000,
    cpuMicrosPerEvent: ((to.cpu - from.cpu) / (total - from.count)) * 1e6,
    destroyed,
    complaints: service.complained,
    profile: file === null ? undefined : readProfile(file, from.clock, to.clock),
  };
}

async function publishRaw(
  { cleanup }: RunContext,
  broker: Broker,
  sample: ConsumeMessage,
  count: number,
): Promise<RawPublishReport> {
  const { fields, content, properties } = sample;
  await broker.purge();
  const task: RawPublishTask = {
    rabbitmqUrl: RABBITMQ_URL,
    exchange: broker.names.events,
    routingKey: fields.routingKey,
    body: content.toString('base64'),
    properties: JSON.parse(
      JSON.stringify({ ...properties, persistent: true }),
    ) as RawPublishTask['properties'],
    count,
    window: WINDOW,
  };
  return await reportOf<RawPublishReport>(cleanup, 'raw-publisher.js', task);
}

async function emitWithNest(
  { cleanup }: RunContext,
  broker: Broker,
  sample: ConsumeMessage,
  count: number,
): Promise<NestEmitReport> {
  await broker.purge();
  const task: NestEmitTask = {
    rabbitmqUrl: RABBITMQ_URL,
    exchange: broker.names.events,
    exchangeArguments: broker.exchangeArguments,
    pattern: sample.fields.routingKey,
    data: JSON.parse(sample.content.toString()) as object,
    count,
    window: WINDOW,
  };
  return await reportOf<NestEmitReport>(cleanup, 'nest-emitter.js', task);
}

/** What such a program says at its end. */
async function reportOf<Report>(cleanup: Cleanup, file: string, task: object): Promise<Report> {
  const reports: Report[] = [];
  await runProgram(cleanup, file, task, (message) => reports.push(message as Report));
  const [report] = reports;
  if (report === undefined) throw new Error(`${file} reported nothing`);
  return report;
}

async function run(context: RunContext): Promise<Measurement> {
  const portals = context.portals ?? PORTALS;
  const perPortal = Math.ceil((context.quick ? 40_000 : 300_000) / portals);
  const total = perPortal * portals;
  const broker = await Broker.open(context.cleanup);
  context.say(`${portals} portals with ${perPortal} changes each`);
  const piped = await pipeThrough(context, broker, portals, perPortal);
  const sample = await broker.sample();
  context.say(`${total} raw publishes`);
  const raw = await publishRaw(context, broker, sample, total);
  context.say(`${total} times ClientProxy.emit`);
  const nest = await emitWithNest(context, broker, sample, total);
  const emitting = rateBetween(nest.samples, total, MEASURED_FROM, 1);
  const piping = rateBetween(piped.samples, total, MEASURED_FROM, 1);
  const rawMicrosPerEvent = (raw.cpuSeconds / total) * 1e6;
  const publishing = rateBetween(raw.samples, total, MEASURED_FROM, 1);
  return {
    ratios: [
      { name: 'events/s, bridge ÷ raw confirmed publishing', value: piping / publishing, unit: '×' },
      { name: 'events/s, bridge ÷ ClientProxy.emit', value: piping / emitting, unit: '×' },
      {
        name: 'CPU time per event, bridge ÷ raw',
        value: piped.cpuMicrosPerEvent / rawMicrosPerEvent,
        unit: '×',
      },
    ],
    figures: [
      { name: 'bridge: events/s published', value: piping, unit: 'events/s' },
      { name: 'raw: events/s published', value: publishing, unit: 'events/s' },
      { name: 'ClientProxy.emit: events/s', value: emitting, unit: 'events/s' },
      {
        name: 'bridge: events/s until cleared on the portals',
        value: piped.perSecondUntilCleared,
        unit: 'events/s',
      },
      { name: 'bridge: CPU time of the process', value: piped.cpuMicrosPerEvent, unit: 'µs/event' },
      { name: 'raw: CPU time of the process', value: rawMicrosPerEvent, unit: 'µs/event' },
      {
        name: 'ClientProxy.emit: CPU time of the process',
        value: (nest.cpuSeconds / total) * 1e6,
        unit: 'µs/event',
      },
      { name: 'bridge: warnings logged', value: piped.complaints, unit: 'lines' },
    ],
    checks: [
      {
        name: 'no live change was destroyed',
        ok: piped.destroyed === 0,
        found: `${piped.destroyed} destroyed`,
      },
    ],
    ...(piped.profile === undefined ? {} : { profile: piped.profile }),
  };
}

export const pipe: Scenario = {
  name: 'pipe',
  title: 'one process, many portals without limits, beside raw confirmed publishing',
  method: [
    'Portals that answer at once and refuse nothing, in a process of their own; SQLite; the default DRAIN_LIMIT. The ' +
      'changes are there before the service starts. Events go to a topic exchange and one bound quorum queue, and ' +
      'nobody consumes them, so that the broker has the same work in both.',
    'Raw: amqplib publishes one of those very messages as often, to the same exchange and queue, with a window of ' +
      `${WINDOW} confirms. Both are measured from the first tenth to the last event.`,
    'ClientProxy.emit: the RMQ client of @nestjs/microservices, to the same exchange and queue, with the same event as ' +
      `its data (the client writes {pattern, data} around it) and ${WINDOW} observables open. Its channel is in ` +
      'confirm mode, so an observable completes when the broker has the event; whoever does not subscribe, as is usual, ' +
      'never hears that it has not. What it holds while the broker is away is in memory, and gone with the process.',
    'Neither of the two reads a portal, keeps a record or survives a crash: they are what publishing alone costs.',
    'Other work on the machine moves the rates of both at different moments; it hardly moves their CPU time.',
    'SETTLE_AFTER_MS is 1000, so that settling and clearing go on while the rest is published: three batches a portal. ' +
      'What is left of it is in the figure that ends when the portals are empty.',
  ],
  targets: [{ figure: 'events/s, bridge ÷ raw confirmed publishing', atLeast: 0.5 }],
  run,
};
