import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openBeforeInstall } from './support/before-install.js';
import { type Received } from './support/downstream.js';
import { OwnPortal } from './support/own-portal.js';
import { type TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

describe('a plan without reservations', () => {
  let system: TestSystem;
  /** Which deliveries the test's consumer fails. */
  let fails: (event: Received) => boolean = () => false;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: {
        DRAIN_LIMIT: '100',
        RETRY_BASE_DELAY_MS: '300',
        RETRY_MAX_DELAY_MS: '1000',
        RETRY_MAX_ATTEMPTS: '3',
        // Long enough for a failure to be heard while the row is still held: a later one would leave no mark.
        SETTLE_AFTER_MS: '4000',
      },
      onEvent: (event, downstream) => {
        if (fails(event)) downstream.reply({ status: 'failed', reason: 'no' }, event);
        downstream.channel.ack(event.message);
      },
    });
  });
  afterEach(() => {
    fails = () => false;
  });
  afterAll(() => system?.close());

  it('is drained journal-first: every event once in hand before the portal deletes it, retries from the ledger', async () => {
    fails = ({ objectId, attempt }) => objectId === '7' || (objectId === '5' && attempt === 1);
    const own = await OwnPortal.installed(system, { extended: false });
    own.push(1, 250);
    await until('every event', () => own.delivered().size === 250);
    await until(
      'the dead letter',
      async () => (await system.downstream.depth(system.downstream.names.dead)) === 1,
    );
    const attempts = (objectId: string) =>
      own.received.filter((event) => event.objectId === objectId).map((event) => event.attempt);
    expect(attempts('7')).toEqual([1, 2, 3]);
    expect(attempts('5')).toEqual([1, 2]);
    expect(own.received.every((event) => event.processId.startsWith('journal-'))).toBe(true);
    expect(own.portal.rows()).toHaveLength(0);
    expect(own.portal.counters.perMethod['event.offline.error']).toBeUndefined();
    // A call decides, so it was asked once.
    expect(own.portal.counters.refusals).toEqual({ WRONG_LICENSE: 1 });
  });

  it('loses nothing when the answer that carries the only copy never arrives', async () => {
    const own = await OwnPortal.installed(system, { extended: false });
    for (let wave = 0; wave < 5; wave += 1) {
      own.portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit' });
      own.push(wave * 20 + 1, wave * 20 + 20);
      await until(`wave ${wave}`, () => own.delivered().size === wave * 20 + 20);
    }
    await until('an empty queue', () => own.portal.rows().length === 0);
  });

  it('is noticed when the portal loses reservations and when it has them again, with nothing lost or destroyed', async () => {
    const own = await OwnPortal.installed(system);
    own.push(1, 50);
    await until('the first', () => own.delivered().size === 50);
    own.portal.setFeatures({ extended: false });
    own.push(51, 100);
    await until('without reservations', () => own.delivered().size === 100);
    await until('an empty queue', () => own.portal.rows().length === 0);
    const later = own.received.filter((event) => Number(event.objectId) > 50);
    expect(later.every((event) => event.processId.startsWith('journal-'))).toBe(true);

    own.portal.setFeatures({ extended: true });
    // A running service asks every five minutes, and a new one at once.
    expect(await system.bridge.stop()).toBe(0);
    fails = ({ objectId, attempt }) => objectId === '120' && attempt === 1;
    system.bridge.start();
    own.push(101, 150);
    const again = () => own.received.filter(({ objectId, attempt }) => objectId === '120' && attempt === 2);
    await until('with reservations', () => own.delivered().size === 150 && again().length > 0);
    await until('an empty queue', () => own.portal.rows().length === 0);
    expect(again()[0]?.processId).not.toMatch(/^journal-/);
    expect(own.portal.queue.marks).toBe(1);
  });
});
