import { afterEach, describe, expect, it } from '@jest/globals';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

const QUICK = { RETRY_BASE_DELAY_MS: '300', RETRY_MAX_DELAY_MS: '1000' };

describe('a plan without reservations', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('is drained journal-first: every event once in hand before the portal deletes it, retries from the ledger', async () => {
    system = await TestSystem.open({
      portal: { extended: false },
      settings: { ...QUICK, RETRY_MAX_ATTEMPTS: '3' },
      onEvent: (event, downstream) => {
        const fails = event.objectId === '7' || (event.objectId === '5' && event.attempt === 1);
        if (fails) downstream.reply({ status: 'failed', reason: 'no' }, event);
        downstream.channel.ack(event.message);
      },
    });
    system.push(1, 700);
    await until('every event', () => system.delivered().size === 700);
    await until(
      'the dead letter',
      async () => (await system.downstream.depth(system.downstream.names.dead)) === 1,
    );
    const attempts = (objectId: string) =>
      system.downstream.received.filter((event) => event.objectId === objectId).map((event) => event.attempt);
    expect(attempts('7')).toEqual([1, 2, 3]);
    expect(attempts('5')).toEqual([1, 2]);
    expect(system.downstream.received.every((event) => event.processId.startsWith('journal-'))).toBe(true);
    expect(system.portal.rows()).toHaveLength(0);
    expect(system.portal.counters.perMethod['event.offline.error']).toBeUndefined();
    // A call decides, so it was asked once.
    expect(system.portal.counters.refusals).toEqual({ WRONG_LICENSE: 1 });
  });

  it('loses nothing when the answer that carries the only copy never arrives', async () => {
    system = await TestSystem.open({ portal: { extended: false } });
    for (let wave = 0; wave < 5; wave += 1) {
      system.portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit' });
      system.push(wave * 100 + 1, wave * 100 + 100);
      await until(`wave ${wave}`, () => system.delivered().size === wave * 100 + 100);
    }
    await until('an empty queue', () => system.portal.rows().length === 0);
  });

  it('is noticed when the portal loses reservations and when it has them again, with nothing lost or destroyed', async () => {
    const failing = { id: '' };
    system = await TestSystem.open({
      // Long enough for the failure to be heard while the row is still held: a later one would leave no mark.
      settings: { ...QUICK, SETTLE_AFTER_MS: '4000' },
      onEvent: (event, downstream) => {
        if (event.objectId === failing.id && event.attempt === 1)
          downstream.reply({ status: 'failed' }, event);
        downstream.channel.ack(event.message);
      },
    });
    system.push(1, 50);
    await until('the first', () => system.delivered().size === 50);
    system.portal.setFeatures({ extended: false });
    system.push(51, 100);
    await until('without reservations', () => system.delivered().size === 100);
    await until('an empty queue', () => system.portal.rows().length === 0);
    const later = system.downstream.received.filter((event) => Number(event.objectId) > 50);
    expect(later.every((event) => event.processId.startsWith('journal-'))).toBe(true);

    system.portal.setFeatures({ extended: true });
    // A running service asks every five minutes, and a new one at once.
    expect(await system.bridge.stop()).toBe(0);
    failing.id = '120';
    system.bridge.start();
    system.push(101, 150);
    const again = () =>
      system.downstream.received.filter(({ objectId, attempt }) => objectId === '120' && attempt === 2);
    await until('with reservations', () => system.delivered().size === 150 && again().length > 0);
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect(again()[0]?.processId).not.toMatch(/^journal-/);
    expect(system.portal.queue.marks).toBe(1);
  });
});
