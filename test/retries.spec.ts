import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../emulator/index.js';
import { install, openBeforeInstall } from './support/before-install.js';
import { type Downstream, type Received } from './support/downstream.js';
import { OwnPortal } from './support/own-portal.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

/** A failure is heard while its row is still held, on however busy a machine; all else is quick. */
const QUICK = {
  RETRY_BASE_DELAY_MS: '300',
  RETRY_MAX_DELAY_MS: '1000',
  FAILURE_BATCH_WAIT_MS: '100',
  SETTLE_AFTER_MS: '4000',
};

interface Delivered {
  readonly received: readonly Received[];
}

/** Fails the events of one object of a portal up to an attempt. */
function failing({ portal }: { readonly portal: EmulatedPortal }, attempts: number) {
  return (event: Received, downstream: Downstream) => {
    if (event.body['memberid'] !== portal.memberId || event.objectId !== '2') return;
    if (event.attempt <= attempts) {
      downstream.reply({ status: 'failed', reason: `attempt ${event.attempt} of 2` }, event);
    }
  };
}

/** Attempts of that object. */
const attemptsOf = ({ received }: Delivered) =>
  received.filter(({ objectId }) => objectId === '2').map(({ attempt }) => attempt);

describe('a failed event', () => {
  let system: TestSystem;
  /** What the test's consumer fails; it acknowledges every event. */
  let fails: ((event: Received, downstream: Downstream) => void) | null = null;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: { ...QUICK, RETRY_MAX_ATTEMPTS: '3' },
      onEvent: (event, downstream) => {
        fails?.(event, downstream);
        downstream.channel.ack(event.message);
      },
    });
  });
  afterEach(() => {
    fails = null;
  });
  afterAll(() => system?.close());

  it('is marked once, comes again with its attempt counted on under the same id, and is cleared at last', async () => {
    const own = await OwnPortal.installed(system);
    fails = failing(own, 2);
    own.push(1, 3);
    await until('an empty queue', () => attemptsOf(own).length >= 3 && own.portal.rows().length === 0);
    expect(attemptsOf(own)).toEqual([1, 2, 3]);
    const copies = own.received.filter((event) => event.objectId === '2');
    expect(new Set(copies.map((event) => event.id)).size).toBe(1);
    expect(new Set(copies.map((event) => event.processId)).size).toBe(2);
    expect(own.portal.counters.perMethod['event.offline.error']).toBe(1);
  });

  it('is dead when its attempts are exhausted: in the dead-letter queue, with reason and count, then cleared', async () => {
    const own = await OwnPortal.installed(system);
    fails = failing(own, 99);
    own.push(1, 3);
    const { dead } = system.downstream.names;
    await until('the dead letter', async () => (await system.downstream.depth(dead)) === 1);
    const letter = await system.downstream.channel.get(dead, { noAck: true });
    if (letter === false) throw new Error('no dead letter');
    expect(letter.fields.routingKey).toBe(`${own.portal.name}.crm.deal.update`);
    expect(letter.properties.headers).toMatchObject({
      'x-bridge-attempts': 3,
      'x-bridge-reason': 'attempt 3 of 2',
    });
    const last = own.received.filter((event) => event.objectId === '2').at(-1);
    expect(JSON.parse(letter.content.toString())).toEqual(last?.body);
    await until('an empty queue', () => own.portal.rows().length === 0);
    expect(attemptsOf(own)).toEqual([1, 2, 3]);
    expect((await system.get('/metrics')).body).toContain(
      `bridge_events_settled_total{portal="${own.portal.name}",outcome="dead"} 1`,
    );
  });

  it('that somebody else marked, or that was marked before us, is fetched and delivered', async () => {
    const own = new OwnPortal(system);
    const { portal } = own;
    portal.bind('ONCRMDEALUPDATE');
    own.push(1, 4);
    const messageIds = portal.rows().map((row) => row.MESSAGE_ID);
    portal.queue.error({ process_id: '', message_id: messageIds.slice(0, 2) });
    expect(portal.rows().filter((row) => row.ERROR === 1)).toHaveLength(2);
    expect(await install(system, portal)).toBe(200);
    await until('all four', () => own.delivered().size === 4);
    await until('an empty queue', () => portal.rows().length === 0);
  });
});

describe('a failed event', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('goes straight to the dead-letter queue with RETRY_MAX_ATTEMPTS=1, never marked', async () => {
    system = await TestSystem.open({
      settings: { ...QUICK, RETRY_MAX_ATTEMPTS: '1' },
      onEvent: (event, downstream) => {
        failing(system, 99)(event, downstream);
        downstream.channel.ack(event.message);
      },
    });
    system.push(1, 3);
    await until(
      'the dead letter',
      async () => (await system.downstream.depth(system.downstream.names.dead)) === 1,
    );
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect(attemptsOf(system.downstream)).toEqual([1]);
    expect(system.portal.counters.perMethod['event.offline.error']).toBeUndefined();
  });

  it('reported after its row was cleared is retried from the ledger, without a mark', async () => {
    system = await openBeforeInstall({
      // Their time is over soon: nobody replies.
      settings: { ...QUICK, SETTLE_AFTER_MS: '1000', RETRY_MAX_ATTEMPTS: '3' },
      onEvent: (event, { channel }) => channel.ack(event.message),
    });
    const own = await OwnPortal.installed(system);
    const { portal } = own;
    own.push(1, 3);
    await until('an empty queue', () => own.received.length === 3 && portal.rows().length === 0);
    const held = own.received.find(({ objectId }) => objectId === '2');
    // A newer change of the same object waits: a stale mark would destroy it.
    portal.inject({ method: 'batch', kind: 'delay', ms: 500 });
    system.downstream.reply({ status: 'failed', reason: 'late' }, held);
    system.downstream.reply({ status: 'failed', reason: 'late, again' }, held);
    await until('the retry', () => attemptsOf(own).includes(2));
    own.push(2, 2);
    await until('the newer change', () => attemptsOf(own).filter((attempt) => attempt === 1).length === 2);
    await until('an empty queue', () => portal.rows().length === 0);
    expect(portal.counters.perMethod['event.offline.error']).toBeUndefined();
    expect((await system.get('/metrics')).body).toMatch(
      new RegExp(`portal="${portal.name}",outcome="late_failed"} 1$`, 'm'),
    );
  });
});
