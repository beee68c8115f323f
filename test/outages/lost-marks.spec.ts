import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const MARK = 'event.offline.error';
/** Well before a request that was lost is known to be over, which takes a minute. */
const SOON_MS = 40_000;

describe('a mark whose answer is lost', () => {
  let system: TestSystem<BridgeProcess>;
  let own: OwnPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({
      movableClock: true,
      settings: { RETRY_BASE_DELAY_MS: '300', RETRY_MAX_DELAY_MS: '500', FAILURE_BATCH_WAIT_MS: '100' },
      onEvent: (event, downstream) => {
        if (event.attempt === 1)
          downstream.replyAndAcknowledge({ status: 'failed', reason: 'not yet' }, event);
        else downstream.channel.ack(event.message);
      },
    });
  });
  afterEach(() => own.leave());
  afterAll(() => system.close());

  const open = async () => {
    own = await OwnPortal.installed(system);
  };
  const retried = () =>
    new Set(own.received.filter(({ attempt }) => attempt === 2).map(({ objectId }) => objectId));

  it('because the process was killed does not keep its events for a minute', async () => {
    await open();
    const { bridge } = system;
    const { portal } = own;
    const held = portal.inject({ method: MARK, kind: 'stall' });
    own.push(1, 20);
    await until('the marks', () => held.hits > 0 && portal.queue.marks > 0);
    expect(await bridge.stop('SIGKILL')).toBeNull();
    held.remove();
    bridge.start();
    await until('every retry', () => retried().size === 20, SOON_MS);
    await until('an empty queue', () => portal.rows().length === 0);
  }, 120_000);

  it('while the process goes on does not either', async () => {
    await open();
    const { portal } = own;
    portal.inject({ method: MARK, kind: 'drop-after-commit', times: 2 });
    own.push(1, 20);
    await until('every retry', () => retried().size === 20, SOON_MS);
    await until('an empty queue', () => portal.rows().length === 0);
  }, 120_000);

  it('and that was not made is made again; its row waits, and others do not', async () => {
    await open();
    const { bridge } = system;
    const { portal } = own;
    const unmade = portal.inject({ method: MARK, kind: 'drop-before-commit' });
    own.push(1, 1);
    await until('a mark that is not made', () => unmade.hits > 0);
    own.push(2, 10);
    await until('the retries of the others', () => retried().size === 9, SOON_MS);
    expect(retried().has('1')).toBe(false);
    await bridge.setClockForward(61_000);
    await until('its retry', () => retried().has('1'));
    await until('an empty queue', () => portal.rows().length === 0);
  }, 120_000);
});
