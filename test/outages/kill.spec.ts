import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { type Received } from '../support/downstream.js';
import { openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { nothingLost } from './outage.js';

const EVENTS = 100;

/** What waits for replies and keeps what failed to itself. */
const WAITING = { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '600000', FAILURE_BATCH_WAIT_MS: '600000' };
const SETTLING = { SETTLE_MODE: 'timeout', SETTLE_AFTER_MS: '1500', FAILURE_BATCH_WAIT_MS: '1000' };

describe('kill -9', () => {
  let system: TestSystem<BridgeProcess>;
  let own: OwnPortal;
  /** At the first event of a test's portal that arrives. */
  let onFirst: (() => void) | null = null;
  beforeAll(async () => {
    system = await openBeforeInstall({
      process: true,
      settings: WAITING,
      onEvent: (event, { channel }) => {
        if (onFirst !== null && own.received.length === 1) onFirst();
        channel.ack(event.message);
      },
    });
  });
  beforeEach(async () => {
    onFirst = null;
    own = await OwnPortal.installed(system);
  });
  afterEach(() => own.leave());
  afterAll(() => system.close());

  const startAgain = async (settings: Record<string, string> = {}) => {
    system.bridge.start(settings);
    await system.bridge.logged('http.listening');
  };

  /** Copies of one change are one event: the same id, whatever became of the process in between. */
  const sameIds = (received: readonly Received[], count = EVENTS) => {
    const ids = new Map<string, Set<string>>();
    for (const { objectId, id } of received) ids.set(objectId, (ids.get(objectId) ?? new Set()).add(id));
    expect([...ids].filter(([, each]) => each.size !== 1)).toEqual([]);
    expect(ids.size).toBe(count);
  };

  it('in the middle of replies loses none of them', async () => {
    // As many as are not all read at once.
    const [REPLIES, FAILED] = [300, 100];
    const { bridge, downstream } = system;
    const { portal } = own;
    await bridge.logged('replies.consuming');
    own.push(1, REPLIES);
    await until('every event', () => own.delivered().size === REPLIES);
    await until('their record', () =>
      own.lines('dispatch').some(({ message }) => message['confirmed'] === REPLIES),
    );
    for (const event of own.received) {
      const status = Number(event.objectId) <= FAILED ? 'failed' : 'processed';
      downstream.reply({ status }, event);
    }
    await until('the first reply to take effect', async () => {
      const { body } = await system.get('/metrics');
      return /bridge_replies_total\{kind="\w+"\} \d/.test(body);
    });
    await bridge.stop('SIGKILL');
    await startAgain({ FAILURE_BATCH_WAIT_MS: '0' });
    await until(
      'what failed to be marked, and all else to be gone',
      () => portal.rows().length === FAILED && portal.rows().every((row) => row.ERROR === 1),
    );
    const marked = portal
      .rows()
      .map((row) => Number((row.EVENT_DATA as { FIELDS: { ID: string } }).FIELDS.ID));
    expect(Math.max(...marked)).toBe(FAILED);
    sameIds(own.received, REPLIES);
  });

  it('while the answer to a reservation is on its way loses nothing', async () => {
    const { bridge } = system;
    const { portal } = own;
    const held = portal.inject({ method: 'event.offline.get', kind: 'stall' });
    own.push(1, EVENTS);
    await until('the reservation', () => held.hits > 0 && portal.rows().some((row) => row.PROCESS_ID !== ''));
    expect(await bridge.stop('SIGKILL')).toBeNull();
    expect(own.delivered().size).toBe(0);
    await startAgain(SETTLING);
    await nothingLost(own, EVENTS);
    sameIds(own.received);
  });

  it('between publishing and its record publishes again under the same ids', async () => {
    // The first arrival: the confirms and the ledger's record of them are still to come.
    onFirst = () => void system.bridge.stop('SIGKILL');
    own.push(1, EVENTS);
    await until('the kill', () => own.received.length > 0);
    await system.bridge.exited();
    await startAgain(SETTLING);
    await nothingLost(own, EVENTS);
    sameIds(own.received);
  });
});
