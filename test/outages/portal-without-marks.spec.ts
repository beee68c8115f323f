import { afterEach, describe, expect, it } from '@jest/globals';
import { type Fault } from '../../emulator/index.js';
import { json } from '../cli/command-line.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf, portalRow } from '../support/before-install.js';

const MARK = 'event.offline.error';
interface Checked {
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
}

describe('a portal that takes no marks', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  /** Object 7 always fails, object 5 once, all else is processed. */
  const open = async () => {
    system = await TestSystem.open({
      movableClock: true,
      settings: {
        RETRY_BASE_DELAY_MS: '500',
        RETRY_MAX_DELAY_MS: '1000',
        RETRY_MAX_ATTEMPTS: '3',
        FAILURE_BATCH_WAIT_MS: '100',
        SETTLE_AFTER_MS: '3000',
        DASHBOARD_PASSWORD: 'open-sesame-123',
      },
      onEvent: (event, downstream) => {
        const fails = event.objectId === '7' || (event.objectId === '5' && event.attempt === 1);
        if (fails) downstream.reply({ status: 'failed', reason: 'no' }, event);
        downstream.channel.ack(event.message);
      },
    });
  };
  const row = () => portalRow(system.bridge, system.portal.memberId);
  const calls = () => system.portal.counters.perMethod[MARK] ?? 0;
  const attempts = (objectId: string) =>
    system.downstream.received.filter((event) => event.objectId === objectId).map((event) => event.attempt);

  it.each<[string, Omit<Fault, 'method'>]>([
    ['refused', { kind: 'error', status: 400, error: 'ERROR_CORE', description: 'No such thing' }],
    ['refused for want of a right', { kind: 'error', status: 403, error: 'ACCESS_DENIED' }],
    ['failed by its database', { kind: 'sql-error' }],
    ['lost with the whole request', { kind: 'html', status: 502 }],
  ])(
    'because each is %s has its failures retried while their rows stay held, says so, and keeps everything else going',
    async (what, fault) => {
      await open();
      const armed = system.portal.inject({ method: MARK, times: Infinity, ...fault });
      system.push(1, 10);
      await until('the first failures', () => attempts('7').length > 0 && attempts('5').length > 0);
      // All that has not failed leaves the portal meanwhile, and what is new is fetched.
      system.push(11, 30);
      await until('the new events', () => system.delivered().size === 30);
      await until('all but what failed to be cleared', () => {
        const left = system.portal.rows().map(({ EVENT_DATA }) => JSON.stringify(EVENT_DATA));
        return left.length === 2 && left.every((data) => /"[57]"/.test(data));
      });
      await until('the state', () => row()?.['state'] === 'unmarkable', 90_000);
      expect(row()?.['marks_failing_since']).toBeGreaterThan(0);
      expect(calls()).toBe(what.startsWith('lost') ? 0 : 5);
      expect(system.portal.rows().every(({ ERROR, PROCESS_ID }) => ERROR === 0 && PROCESS_ID !== '')).toBe(
        true,
      );
      await until('the log line', () => linesOf(system.bridge, 'portal.state').length > 0);
      const [said] = linesOf(system.bridge, 'portal.state');
      expect(said?.level).toBe('error');
      expect(said?.message).toMatchObject({ state: 'unmarkable' });
      expect((await system.get('/metrics')).body).toContain(
        'bridge_portal_state{portal="acme",state="unmarkable"} 1',
      );
      // A lost mark may still be made for a minute.
      if (what.startsWith('lost')) await system.bridge.setClockForward(61_000);
      await until('the retries', () => attempts('7').length === 3 && attempts('5').length === 2);
      await until(
        'the dead letter',
        async () => (await system.downstream.depth(system.downstream.names.dead)) === 1,
      );
      await until('an empty queue', () => system.portal.rows().length === 0);
      expect([attempts('7'), attempts('5')]).toEqual([
        [1, 2, 3],
        [1, 2],
      ]);
      const { findings } = await json<Checked>(system.bridge, ['portals', 'check', 'acme']);
      expect(findings.find(({ subject }) => subject === 'marks')).toMatchObject({ verdict: 'wrong' });
      const diagnosis = await json<Checked>(system.bridge, ['doctor']);
      expect(diagnosis.findings.find(({ subject }) => subject === 'portals')).toMatchObject({
        verdict: 'wrong',
        text: expect.stringContaining('unmarkable'),
      });
      armed.remove();
    },
    240_000,
  );

  it('is tried once with a start, is left alone where that fails, and marks again as soon as one is made', async () => {
    await open();
    const armed = system.portal.inject({ method: MARK, kind: 'sql-error', times: Infinity });
    system.push(7, 7);
    await until('the state', () => row()?.['state'] === 'unmarkable', 90_000);
    await until('the retries', () => attempts('7').length === 3);
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect(calls()).toBe(5);

    expect(await system.bridge.stop()).toBe(0);
    system.bridge.start();
    system.push(5, 5);
    await until('its retry', () => attempts('5').length === 2, 90_000);
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect(calls()).toBe(6);
    expect(row()).toMatchObject({ state: 'unmarkable' });
    expect(linesOf(system.bridge, 'portal.state')).toEqual([]);

    expect(await system.bridge.stop()).toBe(0);
    armed.remove();
    system.bridge.start();
    system.portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: '5' } }, userId: '1' });
    await until('a mark', () => system.portal.queue.marks === 1);
    await until('the state', () => row()?.['state'] === 'active');
    expect(row()?.['marks_failing_since']).toBeNull();
    await until('the log line', () => linesOf(system.bridge, 'marks.work').length === 1);
    await until('an empty queue', () => system.portal.rows().length === 0);
  }, 240_000);

  it('for a while, marks as ever once it is over', async () => {
    await open();
    system.portal.inject({ method: MARK, kind: 'sql-error', times: 2 });
    system.portal.inject({ method: MARK, kind: 'sql-error', commit: true });
    system.push(5, 5);
    await until('its retry', () => attempts('5').length === 2, 90_000);
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect(system.portal.queue.marks).toBe(1);
    expect(row()).toMatchObject({ state: 'active', marks_failing_since: null });
  }, 120_000);
});
