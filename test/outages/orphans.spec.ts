import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Meter, nothingLost } from './outage.js';

/** An adoption is promised this long after an unknown outcome or a start; the rest is for a busy machine. */
const ADOPTED_WITHIN_MS = 20_000;

const QUICK_TO_GIVE_UP = {
  SETTLE_MODE: 'ack',
  SETTLE_AFTER_MS: '600000',
  RETRY_MAX_ATTEMPTS: '2',
  RETRY_BASE_DELAY_MS: '200',
  RETRY_MAX_DELAY_MS: '200',
  FAILURE_BATCH_WAIT_MS: '0',
};

describe('rows that nobody answers for', () => {
  let system: TestSystem;
  let own: OwnPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: QUICK_TO_GIVE_UP });
  });
  beforeEach(async () => {
    own = await OwnPortal.installed(system);
  });
  afterEach(() => own.leave());
  afterAll(() => system.close());

  /** From the next start on. */
  const useDefaults = () => {
    const { settings } = system.bridge;
    for (const name of Object.keys(QUICK_TO_GIVE_UP)) delete settings[name];
    Object.assign(settings, { SETTLE_AFTER_MS: '1500', RETRY_BASE_DELAY_MS: '600000' });
  };
  const errorCalls = () => own.portal.counters.perMethod['event.offline.error'] ?? 0;

  it('deleted behind our back are closed with a warning, never marked, and not retried for ever', async () => {
    const { bridge, downstream } = system;
    const { portal } = own;
    own.push(1, 20);
    await until('every event', () => own.delivered().size === 20);
    const first = own.received.slice();
    for (const processId of new Set(first.map((event) => event.processId)))
      portal.queue.clear({ process_id: processId });
    expect(portal.rows()).toEqual([]);
    // Newer changes of the same objects, which a mark for rows that are gone would destroy.
    own.push(1, 20);
    await until('the newer changes', () => own.received.length === 40);
    for (const [index, event] of first.entries()) {
      downstream.reply(
        index % 2 === 0 ? { status: 'failed', reason: 'late' } : { status: 'processed' },
        event,
      );
    }
    await bridge.logged('round.vanished');
    const meter = new Meter(own);
    const failing = () => own.received.filter((event) => event.attempt > 1);
    await until('the retries', () => failing().length === 10);
    for (const event of failing()) downstream.reply({ status: 'failed', reason: 'again' }, event);
    for (const event of own.received.filter(
      ({ attempt, id }) => attempt === 1 && !first.some((old) => old.id === id),
    ))
      downstream.reply({ status: 'processed' }, event);
    await until('the dead letters', async () => (await downstream.depth(downstream.names.dead)) === 10);
    await until('an empty queue', () => portal.rows().length === 0);
    expect(errorCalls()).toBe(0);
    expect(meter.read().requests).toBeLessThan(10);
    expect(failing()).toHaveLength(10);
  });

  it('reserved by somebody whose answer was never seen are adopted at the start, marked ones too', async () => {
    const { bridge } = system;
    const { portal } = own;
    expect(await bridge.stop()).toBe(0);
    useDefaults();
    own.push(1, 40);
    const first = portal.queue.get({ clear: 0, limit: 40 });
    portal.queue.error({
      process_id: first.process_id,
      message_id: Object.fromEntries(first.events.map((event, index) => [index, event.MESSAGE_ID])),
    });
    portal.queue.get({ clear: 0, limit: 40, error: 1 });
    own.push(41, 160);
    portal.queue.get({ clear: 0, limit: 120 });
    expect(portal.rows().filter((row) => row.PROCESS_ID !== '')).toHaveLength(160);
    bridge.start();
    await until('every event', () => own.delivered().size === 160, ADOPTED_WITHIN_MS);
    await nothingLost(own, 160);
    const adopted = own.lines('round').reduce((sum, { message }) => sum + Number(message['adopted'] ?? 0), 0);
    expect(adopted).toBe(160);
  });

  it('reserved by a request whose answer was lost are adopted within 15 s', async () => {
    const { bridge } = system;
    // Unless the test before has started it so.
    if ('SETTLE_MODE' in bridge.settings) {
      expect(await bridge.stop()).toBe(0);
      useDefaults();
      bridge.start();
      await bridge.logged('http.listening');
    }
    const lost = own.portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit', times: 3 });
    own.push(1, 120);
    await until('the loss', () => lost.hits > 0);
    await until('every event', () => own.delivered().size === 120, ADOPTED_WITHIN_MS);
    await nothingLost(own, 120);
    expect(own.lines('round.failed')[0]?.message).toMatchObject({ outcome: 'unknown' });
  });
});
