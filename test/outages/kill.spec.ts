import { afterEach, describe, expect, it } from '@jest/globals';
import { type Received } from '../support/downstream.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { nothingLost } from './outage.js';

const EVENTS = 300;

describe('kill -9', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  /** Copies of one change are one event: the same id, whatever became of the process in between. */
  const sameIds = (received: readonly Received[]) => {
    const ids = new Map<string, Set<string>>();
    for (const { objectId, id } of received) ids.set(objectId, (ids.get(objectId) ?? new Set()).add(id));
    expect([...ids].filter(([, each]) => each.size !== 1)).toEqual([]);
    expect(ids.size).toBe(EVENTS);
  };

  it('while the answer to a reservation is on its way loses nothing', async () => {
    system = await TestSystem.open();
    const { bridge, portal } = system;
    const held = portal.inject({ method: 'event.offline.get', kind: 'stall' });
    system.push(1, EVENTS);
    await until('the reservation', () => held.hits > 0 && portal.rows().some((row) => row.PROCESS_ID !== ''));
    expect(await bridge.stop('SIGKILL')).toBeNull();
    expect(system.delivered().size).toBe(0);
    bridge.start();
    await nothingLost(system, EVENTS);
    sameIds(system.downstream.received);
  });

  it('between publishing and its record publishes again under the same ids', async () => {
    system = await TestSystem.open({
      settings: { DRAIN_LIMIT: String(EVENTS) },
      onEvent: (event, { channel, received }) => {
        // The first arrival: the confirms and the ledger's record of them are still to come.
        if (received.length === 1) void system.bridge.stop('SIGKILL');
        channel.ack(event.message);
      },
    });
    system.push(1, EVENTS);
    await until('the kill', () => system.downstream.received.length > 0);
    await system.bridge.exited();
    system.bridge.start();
    await nothingLost(system, EVENTS);
    sameIds(system.downstream.received);
  });

  it('in the middle of replies loses none of them', async () => {
    const FAILED = 100;
    system = await TestSystem.open({
      settings: { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '600000', FAILURE_BATCH_WAIT_MS: '600000' },
    });
    const { bridge, downstream, portal } = system;
    await bridge.logged('replies.consuming');
    system.push(1, EVENTS);
    await until('every event', () => system.delivered().size === EVENTS);
    await until('their record', () => bridge.output.includes(`"confirmed":${EVENTS}`));
    for (const event of downstream.received) {
      const status = Number(event.objectId) <= FAILED ? 'failed' : 'processed';
      downstream.reply({ status }, event);
    }
    await until('the first reply to take effect', async () => {
      const { body } = await system.get('/metrics');
      return /bridge_replies_total\{kind="\w+"\} \d/.test(body);
    });
    await bridge.stop('SIGKILL');
    bridge.settings['FAILURE_BATCH_WAIT_MS'] = '0';
    bridge.start();
    await until(
      'what failed to be marked, and all else to be gone',
      () => portal.rows().length === FAILED && portal.rows().every((row) => row.ERROR === 1),
    );
    const marked = portal
      .rows()
      .map((row) => Number((row.EVENT_DATA as { FIELDS: { ID: string } }).FIELDS.ID));
    expect(Math.max(...marked)).toBe(FAILED);
    sameIds(downstream.received);
  });
});
