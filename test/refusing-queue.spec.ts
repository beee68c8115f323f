import { afterEach, describe, expect, it } from '@jest/globals';
import { type Downstream, type Received } from './support/downstream.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';
import { Visitor } from './support/visitor.js';
import { json } from './cli/command-line.js';

const DEALS = 40;
const KEY = 'acme.crm.deal.update';
const PASSWORD = 'correct horse battery';

interface Diagnosis {
  readonly findings: readonly { readonly subject: string; readonly verdict: string; readonly text: string }[];
}

/** A consumer's queue for deals that holds five messages and refuses all others. */
async function fullQueue({ channel, names, prefix }: Downstream): Promise<string> {
  const queue = `${prefix}.full`;
  await channel.assertQueue(queue, {
    autoDelete: false,
    expires: 600_000,
    arguments: { 'x-max-length': 5, 'x-overflow': 'reject-publish' },
  });
  await channel.bindQueue(queue, names.events, '*.crm.deal.*');
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
  let system: TestSystem;
  let full: string;
  afterEach(async () => {
    await system.downstream.channel.deleteQueue(full).catch(() => undefined);
    await system.close();
  });

  const copies = (objectId: string) =>
    system.downstream.received.filter((event) => event.objectId === objectId && event.attempt === 1);
  const idsOf = (events: readonly Received[]) => new Set(events.map(({ id }) => id));
  const metric = async (pattern: RegExp) => Number(pattern.exec((await system.get('/metrics')).body)?.[1]);

  it('every event reaches the healthy one in order, copies are few, retries are on time, and all arrive in the end', async () => {
    const retried: number[] = [];
    let failedAt = 0;
    system = await TestSystem.open({
      settings: {
        B24_EVENTS: 'ONCRMDEALUPDATE,ONCRMLEADADD',
        DASHBOARD_PASSWORD: PASSWORD,
        DRAIN_LIMIT: '10',
        RETRY_BASE_DELAY_MS: '2000',
        FAILURE_BATCH_WAIT_MS: '100',
        SETTLE_AFTER_MS: '4000',
      },
      onEvent: (event, downstream) => {
        if (event.objectId === '1007') {
          if (event.attempt === 1) {
            failedAt = Date.now();
            downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
          } else retried.push(Date.now() - failedAt);
        }
        downstream.channel.ack(event.message);
      },
    });
    full = await fullQueue(system.downstream);
    const startedAt = Date.now();
    for (let id = 1; id <= DEALS; id += 1) {
      system.push(id, id);
      system.push(1000 + id, 1000 + id, 'ONCRMLEADADD');
    }
    await until('every event at the healthy one', () => system.delivered().size === 2 * DEALS);
    const first = [...new Set(system.downstream.received.map(({ objectId }) => objectId))];
    expect(first).toEqual(
      Array.from({ length: DEALS }, (_, index) => [String(index + 1), String(index + 1001)]).flat(),
    );
    await until('the retry of another event', () => retried.length === 1);
    expect(retried[0]).toBeLessThan(10_000);
    await until(
      'all that was not refused to leave the portal',
      () => system.portal.rows().length === DEALS - 5,
    );

    expect(
      await metric(/bridge_publish_refused_total\{portal="acme",reason="event"\} (\d+)/),
    ).toBeGreaterThanOrEqual(DEALS - 5);
    const refusing = await system.bridge.logged('dispatch.refused');
    expect(refusing.message).toMatchObject({ portal: 'acme', keys: [KEY] });
    expect(refusing.message['advice']).toContain('rabbitmqctl list_queues name messages policy arguments');

    // People are told which keys it is, wherever they look.
    const refused = (await json<Diagnosis>(system.bridge, ['doctor'])).findings.find(
      ({ subject }) => subject === 'refused',
    );
    expect(refused).toMatchObject({ verdict: 'wrong' });
    expect(refused?.text).toContain(`by a queue bound for ${KEY}`);
    expect(refused?.text).toContain('rabbitmqctl list_queues name messages policy arguments');
    const person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    expect((await person.get('/')).body).toMatch(
      new RegExp(`href="/events\\?state=refused[^<]*</a>.*${KEY}`, 's'),
    );
    const list = (await person.get('/events?state=refused')).body;
    expect([...list.matchAll(/data-delivery="/g)].length).toBeGreaterThanOrEqual(DEALS - 5);
    expect(list).toContain(KEY);

    const seconds = (Date.now() - startedAt) / 1000 + 1;
    for (let id = 1; id <= DEALS; id += 1)
      expect(copies(String(id)).length).toBeLessThanOrEqual(1 + Math.log2(seconds + 1));
    expect(system.bridge.lines.filter((line) => line.message?.event === 'dispatch.refused').length).toBe(1);

    const ids = await empty(system.downstream, full, (arrived) => arrived.size === DEALS);
    expect(ids).toEqual(idsOf(system.downstream.received.filter(({ routingKey }) => routingKey === KEY)));
    await until('an empty queue on the portal', () => system.portal.rows().length === 0);
    await until(
      'nothing refused',
      async () => (await metric(/bridge_events_refused\{portal="acme"\} (\d+)/)) === 0,
    );
  });

  it('what the healthy one has processed is not settled before the other has it, after a restart too', async () => {
    system = await TestSystem.open({
      settings: { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '600000', DRAIN_LIMIT: '10' },
      onEvent: (event, downstream) => downstream.replyAndAcknowledge({ status: 'processed' }, event),
    });
    full = await fullQueue(system.downstream);
    system.push(1, DEALS);
    await until('every event at the healthy one', () => system.delivered().size === DEALS);
    await until(
      'the five that both have to leave the portal',
      () => system.portal.rows().length === DEALS - 5,
    );
    await system.bridge.stop('SIGKILL');
    system.bridge.start();
    await system.bridge.logged('dispatch.refused');
    expect(system.portal.rows().length).toBe(DEALS - 5);
    await empty(system.downstream, full, (arrived) => arrived.size === DEALS);
    await until('an empty queue on the portal', () => system.portal.rows().length === 0);
  });
});
