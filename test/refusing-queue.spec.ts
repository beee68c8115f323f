import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from './support/bridge-process.js';
import { openBeforeInstall } from './support/before-install.js';
import { type Downstream, type Received } from './support/downstream.js';
import { OwnPortal } from './support/own-portal.js';
import { type TestSystem } from './support/test-system.js';
import { until } from './support/until.js';
import { Visitor } from './support/visitor.js';
import { json } from './cli/in-process.js';

const DEALS = 40;
const PASSWORD = 'correct horse battery';

interface Diagnosis {
  readonly findings: readonly { readonly subject: string; readonly verdict: string; readonly text: string }[];
}

/** What waits for replies, before the restart; and what takes silence for success and retries soon, after it. */
const WAITING = { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '600000' };
const SETTLING = {
  SETTLE_MODE: 'timeout',
  SETTLE_AFTER_MS: '4000',
  RETRY_BASE_DELAY_MS: '2000',
  FAILURE_BATCH_WAIT_MS: '100',
};

/** A consumer's queue for deals of one portal that holds five messages and refuses all others. */
async function fullQueue({ channel, names, prefix }: Downstream, portal: string): Promise<string> {
  const queue = `${prefix}.full.${portal}`;
  await channel.assertQueue(queue, {
    autoDelete: false,
    expires: 600_000,
    arguments: { 'x-max-length': 5, 'x-overflow': 'reject-publish' },
  });
  await channel.bindQueue(queue, names.events, `${portal}.crm.deal.*`);
  return queue;
}

/** Takes out of a queue what is in it, and goes on until `done`. */
async function empty({ channel }: Downstream, queue: string, done: (ids: Set<string>) => boolean) {
  const ids = new Set<string>();
  await channel.consume(queue, (message) => message && ids.add(String(message.properties.messageId)), {
    noAck: true,
  });
  await until('everything in the queue that was full', () => done(ids), 60_000);
  return ids;
}

describe('one queue that refuses, beside one that takes everything', () => {
  let system: TestSystem<BridgeProcess>;
  let answer: ((event: Received, downstream: Downstream) => void) | null = null;
  /** Its events are processed by the healthy one before a restart of the service. */
  let processed: OwnPortal;
  const queues: string[] = [];
  const fullQueueOf = async ({ portal }: OwnPortal) => {
    const queue = await fullQueue(system.downstream, portal.name);
    queues.push(queue);
    return queue;
  };
  let fullOfProcessed: string;
  beforeAll(async () => {
    system = await openBeforeInstall({
      process: true,
      settings: {
        ...WAITING,
        B24_EVENTS: 'ONCRMDEALUPDATE,ONCRMDEALDELETE,ONCRMLEADADD',
        DASHBOARD_PASSWORD: PASSWORD,
        DRAIN_LIMIT: '10',
      },
      onEvent: (event, downstream) => {
        if (answer === null) downstream.channel.ack(event.message);
        else answer(event, downstream);
      },
    });
    processed = await OwnPortal.installed(system);
    fullOfProcessed = await fullQueueOf(processed);
    answer = (event, downstream) => downstream.replyAndAcknowledge({ status: 'processed' }, event);
    processed.push(1, DEALS);
    await until('every event at the healthy one', () => processed.delivered().size === DEALS);
    await until(
      'the five that both have to leave the portal',
      () => processed.portal.rows().length === DEALS - 5,
    );
    answer = null;
    await system.bridge.stop('SIGKILL');
    system.bridge.start(SETTLING);
  });
  afterAll(async () => {
    for (const queue of queues) await system.downstream.channel.deleteQueue(queue).catch(() => undefined);
    await system?.close();
  });
  let arrived: Promise<void> | null = null;
  /** Has the other one take what it refused. */
  const allOfProcessed = () =>
    (arrived ??= (async () => {
      await empty(system.downstream, fullOfProcessed, ({ size }) => size === DEALS);
      await until('an empty queue on the portal', () => processed.portal.rows().length === 0);
    })());

  const idsOf = (events: readonly Received[]) => new Set(events.map(({ id }) => id));
  const metric = async (pattern: RegExp) => Number(pattern.exec((await system.get('/metrics')).body)?.[1]);

  it('what the healthy one has processed is not settled before the other has it, after a restart too', async () => {
    const { portal } = processed;
    await until('its line', () => processed.lines('dispatch.refused').length > 0);
    expect(portal.rows().length).toBe(DEALS - 5);
    await allOfProcessed();
  });

  it('every event reaches the healthy one in order, copies are few, retries are on time, and all arrive in the end', async () => {
    await allOfProcessed();
    const own = await OwnPortal.installed(system);
    const { name } = own.portal;
    const key = `${name}.crm.deal.update`;
    const copies = (objectId: string) =>
      own.received.filter((event) => event.objectId === objectId && event.attempt === 1);
    const retried: number[] = [];
    let failedAt = 0;
    answer = (event, downstream) => {
      if (event.objectId === '1007') {
        if (event.attempt === 1) {
          failedAt = Date.now();
          downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
        } else retried.push(Date.now() - failedAt);
      }
      downstream.channel.ack(event.message);
    };
    const full = await fullQueueOf(own);
    const startedAt = Date.now();
    for (let id = 1; id <= DEALS; id += 1) {
      own.push(id, id);
      own.push(1000 + id, 1000 + id, 'ONCRMLEADADD');
    }
    await until('every event at the healthy one', () => own.delivered().size === 2 * DEALS);
    const first = [...new Set(own.received.map(({ objectId }) => objectId))];
    expect(first).toEqual(
      Array.from({ length: DEALS }, (_, index) => [String(index + 1), String(index + 1001)]).flat(),
    );
    await until('the retry of another event', () => retried.length === 1);
    expect(retried[0]).toBeLessThan(10_000);
    await until('all that was not refused to leave the portal', () => own.portal.rows().length === DEALS - 5);

    expect(
      await metric(new RegExp(`bridge_publish_refused_total\\{portal="${name}",reason="event"\\} (\\d+)`)),
    ).toBeGreaterThanOrEqual(DEALS - 5);
    const refusals = () => own.lines('dispatch.refused');
    await until('its line', () => refusals().length > 0);
    const [refusing] = refusals();
    expect(refusing?.message).toMatchObject({ portal: name, keys: [key] });
    expect(refusing?.message['advice']).toContain('rabbitmqctl list_queues name messages policy arguments');

    // People are told which keys it is, wherever they look.
    const refused = (await json<Diagnosis>(system.bridge, ['doctor'])).findings.find(
      ({ subject }) => subject === 'refused',
    );
    expect(refused).toMatchObject({ verdict: 'wrong' });
    expect(refused?.text).toContain(`by a queue bound for ${key}`);
    expect(refused?.text).toContain('rabbitmqctl list_queues name messages policy arguments');
    const person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    expect((await person.get('/')).body).toMatch(
      new RegExp(`href="/events\\?state=refused[^<]*</a>.*${key}`, 's'),
    );
    const list = (await person.get('/events?state=refused')).body;
    expect([...list.matchAll(/data-delivery="/g)].length).toBeGreaterThanOrEqual(DEALS - 5);
    expect(list).toContain(key);

    const seconds = (Date.now() - startedAt) / 1000 + 1;
    for (let id = 1; id <= DEALS; id += 1)
      expect(copies(String(id)).length).toBeLessThanOrEqual(1 + Math.log2(seconds + 1));
    expect(refusals()).toHaveLength(1);

    const ids = await empty(system.downstream, full, ({ size }) => size === DEALS);
    expect(ids).toEqual(idsOf(own.received.filter(({ routingKey }) => routingKey === key)));
    await until('an empty queue on the portal', () => own.portal.rows().length === 0);
    await until(
      'nothing refused',
      async () => (await metric(new RegExp(`bridge_events_refused\\{portal="${name}"\\} (\\d+)`))) === 0,
    );
  });
});
