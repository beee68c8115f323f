import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fault } from '../../emulator/index.js';
import { json } from '../cli/in-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { TestSystem, type TestSystemOptions } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf, openBeforeInstall, portalRow } from '../support/before-install.js';

const MARK = 'event.offline.error';
interface Checked {
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
}

/** Object 7 always fails, object 5 once, all else is processed. */
const OPTIONS: TestSystemOptions = {
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
};

const FAULTS: readonly (readonly [string, Omit<Fault, 'method'>])[] = [
  ['refused', { kind: 'error', status: 400, error: 'ERROR_CORE', description: 'No such thing' }],
  ['refused for want of a right', { kind: 'error', status: 403, error: 'ACCESS_DENIED' }],
  ['failed by its database', { kind: 'sql-error' }],
  ['lost with the whole request', { kind: 'html', status: 502 }],
];

describe('portals that take no marks', () => {
  let system: TestSystem;
  /** What has become of each, one beside the other: a portal is given up only after a while. */
  const lives = new Map<string, Promise<void>>();
  beforeAll(async () => {
    system = await openBeforeInstall(OPTIONS);
    for (const [what, fault] of FAULTS) {
      const own = await OwnPortal.installed(system);
      const earlier = [...lives.values()];
      const life = live(own, fault, what.startsWith('lost') ? earlier : null);
      life.catch(() => undefined);
      lives.set(what, life);
    }
  }, 120_000);
  afterAll(() => system.close());

  /** @param others set where its marks are lost; the clock is set forward when these are over */
  const live = async (own: OwnPortal, fault: Omit<Fault, 'method'>, others: Promise<void>[] | null) => {
    const { portal } = own;
    const attempts = (objectId: string) =>
      own.received.filter((event) => event.objectId === objectId).map((event) => event.attempt);
    const metrics = async () => (await system.get('/metrics')).body;
    const armed = portal.inject({ method: MARK, times: Infinity, ...fault });
    own.push(1, 10);
    await until('the first failures', () => attempts('7').length > 0 && attempts('5').length > 0);
    // All that has not failed leaves the portal meanwhile, and what is new is fetched.
    own.push(11, 30);
    await until('the new events', () => own.delivered().size === 30);
    await until('all but what failed to be cleared', () => {
      const left = portal.rows().map(({ EVENT_DATA }) => JSON.stringify(EVENT_DATA));
      return left.length === 2 && left.every((data) => /"[57]"/.test(data));
    });
    await until('the state', () => own.row()?.['state'] === 'unmarkable', 90_000);
    expect(own.row()?.['marks_failing_since']).toBeGreaterThan(0);
    expect(portal.counters.perMethod[MARK] ?? 0).toBe(others === null ? 5 : 0);
    expect(portal.rows().every(({ ERROR, PROCESS_ID }) => ERROR === 0 && PROCESS_ID !== '')).toBe(true);
    await until('the log line', () => own.lines('portal.state').length > 0);
    const [said] = own.lines('portal.state');
    expect(said?.level).toBe('error');
    expect(said?.message).toMatchObject({ state: 'unmarkable' });
    // Metrics are made once for all who ask within a moment.
    await until('the metric', async () =>
      (await metrics()).includes(`bridge_portal_state{portal="${portal.name}",state="unmarkable"} 1`),
    );
    // A lost mark may still be made for a minute.
    if (others !== null) {
      await Promise.allSettled(others);
      await system.bridge.setClockForward(61_000);
    }
    await until('the retries', () => attempts('7').length === 3 && attempts('5').length === 2);
    await until('the dead letter', async () =>
      (await metrics()).includes(`bridge_events_settled_total{portal="${portal.name}",outcome="dead"} 1`),
    );
    await until('an empty queue', () => portal.rows().length === 0);
    expect([attempts('7'), attempts('5')]).toEqual([
      [1, 2, 3],
      [1, 2],
    ]);
    const { findings } = await json<Checked>(system.bridge, ['portals', 'check', portal.name]);
    expect(findings.find(({ subject }) => subject === 'marks')).toMatchObject({ verdict: 'wrong' });
    const diagnosis = await json<Checked>(system.bridge, ['doctor']);
    expect(
      diagnosis.findings.filter(({ subject, verdict }) => subject === 'portals' && verdict === 'wrong'),
    ).toContainEqual(
      expect.objectContaining({ text: expect.stringMatching(new RegExp(`${portal.name}\\b.*unmarkable`)) }),
    );
    armed.remove();
  };

  it.each(FAULTS)(
    'because each is %s have their failures retried while their rows stay held, say so, and keep everything else going',
    async (what) => {
      await lives.get(what);
    },
    240_000,
  );

  it('have their exhausted events in the dead-letter queue', async () => {
    const { names } = system.downstream;
    await until('one of each', async () => (await system.downstream.depth(names.dead)) === FAULTS.length);
  });
});

describe('a portal that takes no marks', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const open = async () => {
    system = await TestSystem.open(OPTIONS);
  };
  const row = () => portalRow(system.bridge, system.portal.memberId);
  const calls = () => system.portal.counters.perMethod[MARK] ?? 0;
  const attempts = (objectId: string) =>
    system.downstream.received.filter((event) => event.objectId === objectId).map((event) => event.attempt);

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
    await until('its retry', () => attempts('5').includes(2), 90_000);
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect(system.portal.queue.marks).toBe(1);
    // By its marked row, and not from the ledger beside it.
    expect(attempts('5')).toEqual([1, 2]);
    expect(row()).toMatchObject({ state: 'active', marks_failing_since: null });
  }, 120_000);
});
