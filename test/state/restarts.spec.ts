import { afterEach, describe, expect, it } from '@jest/globals';
import { type Received } from '../support/downstream.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const DEAL = 2;

interface State {
  readonly status: string;
  readonly object: Record<string, unknown> | null;
}
const stateOf = ({ body }: Received): State | undefined => (body['data'] as { state?: State }).state;

describe('events with states, and what ends in the middle', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it.each([
    ['kill -9', 'SIGKILL' as const],
    ['a restart', 'SIGTERM' as const],
  ])(
    '%s between reservation and publishing loses none, and their states are read again',
    async (_name, signal) => {
      system = await TestSystem.open({ settings: { STATE: 'crm.deal', STATE_WAIT_MS: '20000' } });
      system.portal.objects.seed(DEAL, { count: 300 });
      // Reserved, and nothing can be published before their states are read.
      const slow = system.portal.inject({
        method: 'crm.item.list',
        kind: 'delay',
        ms: 15_000,
        times: Infinity,
      });
      system.push(1, 300);
      await until('their reservation', () =>
        system.portal.rows().every(({ PROCESS_ID }) => PROCESS_ID !== ''),
      );
      await until('the read under way', () => slow.hits > 0);
      const stoppedAt = Date.now();
      expect(await system.bridge.stop(signal)).toBe(signal === 'SIGTERM' ? 0 : null);
      // A read under way does not hold it up.
      expect(Date.now() - stoppedAt).toBeLessThan(6000);
      expect(system.downstream.received).toHaveLength(0);
      slow.remove();
      system.bridge.start();
      await until('every event', () => system.delivered().size === 300);
      expect(system.downstream.received.every((event) => stateOf(event)?.status === 'read')).toBe(true);
      await until('an empty queue', () => system.portal.rows().length === 0);
    },
  );

  it('a portal that throttles every request for a while holds up no event for longer than it may', async () => {
    system = await TestSystem.open({ settings: { STATE: '*', STATE_WAIT_MS: '2000' } });
    system.portal.objects.seed(DEAL, { count: 1000 });
    const times = 3;
    system.portal.inject({
      method: 'batch',
      kind: 'error',
      status: 503,
      error: 'QUERY_LIMIT_EXCEEDED',
      times,
    });
    system.push(1, 400);
    system.portal.push({ event: 'ONCRMDEALDELETE', data: { FIELDS: { ID: '7' } }, userId: '1' });
    await until('every event', () => system.downstream.received.length === 401);
    await until('an empty queue', () => system.portal.rows().length === 0);
    const statuses = new Set(system.downstream.received.map((event) => stateOf(event)?.status));
    expect([...statuses].every((status) => ['read', 'late', 'gone'].includes(status ?? ''))).toBe(true);
  });

  it('without the setting nothing is read, and events are what they were', async () => {
    system = await TestSystem.open();
    system.portal.objects.add(DEAL, { title: 'x' });
    await until('the event', () => system.downstream.received.length === 1);
    expect(Object.keys(system.downstream.received[0]?.body['data'] as object)).toEqual([
      'event',
      'data',
      'userId',
    ]);
    const { perMethod } = system.portal.counters;
    expect([perMethod['crm.item.list'], perMethod['crm.item.get']]).toEqual([undefined, undefined]);
    expect((await system.get('/metrics')).body).not.toMatch(/^bridge_state_reads_total\{/m);
  });
});
