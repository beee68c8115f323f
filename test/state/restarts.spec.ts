import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { openBeforeInstall } from '../support/before-install.js';
import { type Received } from '../support/downstream.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const DEAL = 2;
/** More than one read of objects takes. */
const EVENTS = 120;

interface State {
  readonly status: string;
  readonly object: Record<string, unknown> | null;
}
const stateOf = ({ body }: Received): State | undefined => (body['data'] as { state?: State }).state;

describe('events with states, and what ends in the middle', () => {
  let system: TestSystem<BridgeProcess>;
  beforeAll(async () => {
    system = await openBeforeInstall({
      process: true,
      settings: { STATE: 'crm.deal', STATE_WAIT_MS: '20000' },
    });
  });
  afterAll(() => system.close());

  it.each([
    ['kill -9', 'SIGKILL' as const],
    ['a restart', 'SIGTERM' as const],
  ])(
    '%s between reservation and publishing loses none, and their states are read again',
    async (_name, signal) => {
      const own = await OwnPortal.installed(system);
      const { portal } = own;
      portal.objects.seed(DEAL, { count: EVENTS });
      // Reserved, and nothing can be published before their states are read.
      const slow = portal.inject({ method: 'crm.item.list', kind: 'delay', ms: 15_000, times: Infinity });
      own.push(1, EVENTS);
      await until('their reservation', () => portal.rows().every(({ PROCESS_ID }) => PROCESS_ID !== ''));
      await until('the read under way', () => slow.hits > 0);
      const stoppedAt = Date.now();
      expect(await system.bridge.stop(signal)).toBe(signal === 'SIGTERM' ? 0 : null);
      // A read under way does not hold it up.
      expect(Date.now() - stoppedAt).toBeLessThan(6000);
      expect(own.received).toHaveLength(0);
      slow.remove();
      system.bridge.start();
      await until('every event', () => own.delivered().size === EVENTS);
      expect(own.received.every((event) => stateOf(event)?.status === 'read')).toBe(true);
      await until('an empty queue', () => portal.rows().length === 0);
      await own.leave();
    },
  );
});

describe('events with states, and what ends in the middle', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: { STATE: '*', STATE_WAIT_MS: '2000' } });
  });
  afterAll(() => system.close());

  it('a portal that throttles every request for a while holds up no event for longer than it may', async () => {
    const own = await OwnPortal.installed(system);
    own.portal.objects.seed(DEAL, { count: EVENTS });
    const times = 3;
    own.portal.inject({
      method: 'batch',
      kind: 'error',
      status: 503,
      error: 'QUERY_LIMIT_EXCEEDED',
      times,
    });
    own.push(1, EVENTS);
    own.portal.push({ event: 'ONCRMDEALDELETE', data: { FIELDS: { ID: '7' } }, userId: '1' });
    await until('every event', () => own.received.length === EVENTS + 1);
    await until('an empty queue', () => own.portal.rows().length === 0);
    await own.leave();
    const statuses = new Set(own.received.map((event) => stateOf(event)?.status));
    expect([...statuses].every((status) => ['read', 'late', 'gone'].includes(status ?? ''))).toBe(true);
  });

  it('without the setting nothing is read, and events are what they were', async () => {
    const { bridge } = system;
    expect(await bridge.stop()).toBe(0);
    for (const name of ['STATE', 'STATE_WAIT_MS']) delete bridge.settings[name];
    bridge.start();
    const own = await OwnPortal.installed(system);
    own.portal.objects.add(DEAL, { title: 'x' });
    await until('the event', () => own.received.length === 1);
    expect(Object.keys(own.received[0]?.body['data'] as object)).toEqual(['event', 'data', 'userId']);
    const { perMethod } = own.portal.counters;
    expect([perMethod['crm.item.list'], perMethod['crm.item.get']]).toEqual([undefined, undefined]);
    expect((await system.get('/metrics')).body).not.toMatch(/^bridge_state_reads_total\{/m);
  });
});
