import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { begin } from './cli/command-line.js';
import { json, run } from './cli/in-process.js';
import { OwnPortal } from './support/own-portal.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';
import { Visitor } from './support/visitor.js';
import { inForm } from './support/form.js';

interface Looked {
  readonly keys: readonly { readonly key: string; readonly count: number }[];
  readonly there: number;
}

const PASSWORD = 'correct horse battery';

let system: TestSystem;

const depth = (queue: 'unrouted' | 'dead') => system.downstream.depth(system.downstream.names[queue]);
const look = (queue: string) => json<Looked>(system.bridge, ['queues', 'look', queue]);
const republish = (queue: string, ...args: string[]) =>
  json<{ obsolete: number }>(system.bridge, ['queues', 'republish', queue, ...args]);
/** What lies there, in its order. */
const idsIn = async (queue: 'unrouted' | 'dead') => {
  const { channel, names } = system.downstream;
  const ids: string[] = [];
  for (;;) {
    const message = await channel.get(names[queue], { noAck: false });
    if (message === false) break;
    const { subject } = JSON.parse(message.content.toString()) as { subject: string };
    ids.push(subject.split('/')[1] ?? '');
  }
  return ids;
};

/** What nobody was bound to, or nobody could process, is delivered again by hand; nothing is lost, whenever it is killed. */
describe('events that are republished', () => {
  beforeAll(async () => {
    system = await TestSystem.open({
      consume: { bindings: ['*.crm.deal.*'] },
      settings: { B24_EVENTS: 'ONCRMDEALUPDATE,ONCRMLEADADD,ONCRMLEADUPDATE', DASHBOARD_PASSWORD: PASSWORD },
    });
  });
  afterEach(() => system.downstream.channel.purgeQueue(system.downstream.names.unrouted));
  afterAll(() => system?.close());

  it('unrouted ones, killed in the middle: some come twice, none is lost', async () => {
    const own = await OwnPortal.installed(system);
    const leadAdd = `${own.portal.name}.crm.lead.add`;
    const events = inForm({ full: 2000, small: 700 });
    own.push(1, events, 'ONCRMLEADADD');
    await until('all of them', async () => (await depth('unrouted')) === events, 120_000);
    const { channel, names, prefix } = system.downstream;
    await channel.bindQueue(`${prefix}.downstream`, names.events, leadAdd);
    for (const after of [events / 50, events / 5, events / 2]) {
      const command = begin(system.bridge, ['queues', 'republish', 'unrouted', '--count', String(events)]);
      await until('some', () => own.delivered().size > after);
      command.kill();
      await command.ended;
    }
    // What the killed ones held is back once the broker has noticed their end.
    await until('nothing to be left', async () => {
      await run(system.bridge, ['queues', 'republish', 'unrouted', '--count', String(events)]);
      return (await depth('unrouted')) === 0;
    });
    await until('every one', () => own.delivered().size === events);
  }, 240_000);

  it('unrouted ones, by key and count and in their order; what no queue takes stays', async () => {
    const own = await OwnPortal.installed(system);
    const leadAdd = `${own.portal.name}.crm.lead.add`;
    const leadUpdate = `${own.portal.name}.crm.lead.update`;
    own.push(1, 5, 'ONCRMLEADADD');
    await until('the first', async () => (await depth('unrouted')) === 5);
    own.push(101, 103, 'ONCRMLEADUPDATE');
    await until('all of them', async () => (await depth('unrouted')) === 8);
    for (let time = 0; time < 3; time += 1) {
      expect(await look('unrouted')).toMatchObject({
        there: 8,
        keys: [
          { key: leadAdd, count: 5 },
          { key: leadUpdate, count: 3 },
        ],
      });
    }
    // Nobody is bound yet: one was tried, and everything is there still.
    expect(await republish('unrouted', '--key', leadUpdate, '--count', '10')).toMatchObject({
      exitCode: 1,
      republished: 0,
      left: { unroutable: 1 },
    });
    await until('it to be back', async () => (await depth('unrouted')) === 8);

    const { channel, names, prefix } = system.downstream;
    await channel.bindQueue(`${prefix}.downstream`, names.events, leadAdd);
    expect(await republish('unrouted', '--key', leadAdd, '--count', '2')).toMatchObject({
      exitCode: 0,
      republished: 2,
    });
    await until('the oldest two', () => own.received.length === 2);
    expect(own.received.map(({ objectId, routingKey }) => [objectId, routingKey])).toEqual([
      ['1', leadAdd],
      ['2', leadAdd],
    ]);

    // The dashboard, of every key: those that somebody is bound to go, the others stay.
    const person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    await person.get('/queues');
    const page = await person.post('/queues/unrouted/look');
    expect(page.body).toContain(leadUpdate);
    expect(await person.post('/queues/unrouted/republish', [['count', '100']])).toMatchObject({
      status: 303,
    });
    expect((await person.get('/queues')).body).toContain('3 events were republished.');
    await until('the others', () => own.received.length === 5);
    expect(own.received.map(({ objectId }) => objectId)).toEqual(['1', '2', '3', '4', '5']);
    await until('the rest', async () => (await depth('unrouted')) === 3);
    expect((await idsIn('unrouted')).sort()).toEqual(['101', '102', '103']);
    const told = system.bridge.lines.filter(({ message }) => message['action'] === 'republished');
    expect(told.map(({ message }) => message)).toContainEqual(
      expect.objectContaining({ via: 'dashboard', count: 3, target: 'unrouted: every key' }),
    );
  }, 180_000);
});

describe('events that are republished', () => {
  afterEach(() => system.close());

  it('dead ones: a retry by hand, from the ledger or, where that has forgotten them, from the letter', async () => {
    const broken = new Set(['1', '2', '3']);
    system = await TestSystem.open({
      settings: {
        SETTLE_MODE: 'ack',
        SETTLE_AFTER_MS: '60000',
        RETRY_MAX_ATTEMPTS: '2',
        RETRY_BASE_DELAY_MS: '100',
        RETRY_MAX_DELAY_MS: '200',
        FAILURE_BATCH_WAIT_MS: '50',
        LATE_FAILURE_WINDOW_MS: '60000',
      },
      onEvent: (event, downstream) =>
        downstream.replyAndAcknowledge(
          broken.has(event.objectId) ? { status: 'failed', reason: 'out of stock' } : { status: 'processed' },
          event,
        ),
    });
    system.push(1, 3);
    await until('dead letters', async () => (await depth('dead')) === 3);
    const attempts = (objectId: string) =>
      system.downstream.received.filter((event) => event.objectId === objectId).map(({ attempt }) => attempt);
    expect((await look('dead')).keys).toEqual([{ key: 'acme.crm.deal.update', count: 3 }]);
    broken.delete('1');
    expect(await republish('dead', '--count', '2')).toMatchObject({ exitCode: 0, republished: 2 });
    await until('the first to be processed', () => attempts('1').length === 3);
    // A whole new series, which the second one uses up: there is a letter of it again.
    await until('the second to be dead again', async () => (await depth('dead')) === 2);
    expect(attempts('1')).toEqual([1, 2, 3]);
    expect(attempts('2')).toEqual([1, 2, 3, 4]);
    expect(attempts('3')).toEqual([1, 2]);

    // A letter whose event was retried otherwise meanwhile is only taken out.
    broken.clear();
    await run(system.bridge, ['events', 'retry', '--portal', 'acme']);
    await until('both to be processed', () => attempts('3').length === 3 && attempts('2').length === 5);
    await until('it to be known', async () => (await republish('dead', '--count', '10')).obsolete > 0);
    expect(await depth('dead')).toBe(0);
  }, 180_000);
});
