import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fault, type FaultHandle } from '../../emulator/index.js';
import { json } from '../cli/in-process.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem, type TestSystemOptions } from '../support/test-system.js';
import { until } from '../support/until.js';
import { openBeforeInstall } from '../support/before-install.js';

const MARK = 'event.offline.error';
interface Checked {
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
}

/** Object 7 always fails, object 5 once, all else is processed. */
const OPTIONS = {
  settings: {
    RETRY_BASE_DELAY_MS: '500',
    RETRY_MAX_DELAY_MS: '1000',
    RETRY_MAX_ATTEMPTS: '3',
    FAILURE_BATCH_WAIT_MS: '100',
    SETTLE_AFTER_MS: '3000',
    // A portal is given up only after a while, and each is asked all the time.
    DRAIN_INTERVAL_MS: '1000',
    DASHBOARD_PASSWORD: 'open-sesame-123',
  },
  onEvent: (event, downstream) => {
    const fails = event.objectId === '7' || (event.objectId === '5' && event.attempt === 1);
    if (fails) downstream.reply({ status: 'failed', reason: 'no' }, event);
    downstream.channel.ack(event.message);
  },
} as const satisfies TestSystemOptions;

const FAULTS: readonly (readonly [string, Omit<Fault, 'method'>])[] = [
  ['refused', { kind: 'error', status: 400, error: 'ERROR_CORE', description: 'No such thing' }],
  ['refused for want of a right', { kind: 'error', status: 403, error: 'ACCESS_DENIED' }],
  ['failed by its database', { kind: 'sql-error' }],
  ['lost with the whole request', { kind: 'html', status: 502 }],
];

let system: TestSystem;
/** The service of the portal whose marks are lost. */
let movable: TestSystem<BridgeProcess>;
/** What has become of each, one beside the other, as far as no start is needed. */
const lives = new Map<string, Promise<void>>();
let startedAgain: OwnPortal;
let itsFault: FaultHandle;
beforeAll(async () => {
  system = await openBeforeInstall(OPTIONS);
  movable = await openBeforeInstall({ ...OPTIONS, movableClock: true });
  const begin = async (what: string, life: (own: OwnPortal) => Promise<void>, on: TestSystem = system) => {
    const own = await OwnPortal.installed(on);
    const lived = life(own);
    lived.catch(() => undefined);
    lives.set(what, lived);
    return own;
  };
  startedAgain = await begin('started again', untilGivenUp);
  await begin('for a while', failingForAWhile);
  for (const [what, fault] of FAULTS) {
    const lost = what.startsWith('lost');
    await begin(what, (own) => live(own, fault, lost), lost ? movable : system);
  }
}, 120_000);
afterAll(async () => {
  await movable?.close();
  await system?.close();
});

const attempts = (own: OwnPortal, objectId: string) =>
  own.received.filter((event) => event.objectId === objectId).map((event) => event.attempt);
const calls = ({ portal }: OwnPortal) => portal.counters.perMethod[MARK] ?? 0;
const givenUp = async (own: OwnPortal) => {
  await until('the log line', () => own.lines('portal.state').length > 0, 90_000);
  await until('the state', () => own.row()?.['state'] === 'unmarkable');
};

const untilGivenUp = async (own: OwnPortal) => {
  itsFault = own.portal.inject({ method: MARK, kind: 'sql-error', times: Infinity });
  own.push(7, 7);
  await givenUp(own);
  await until('the retries', () => attempts(own, '7').length === 3);
  await until('an empty queue', () => own.portal.rows().length === 0);
  expect(calls(own)).toBe(5);
};

const failingForAWhile = async (own: OwnPortal) => {
  own.portal.inject({ method: MARK, kind: 'sql-error', times: 2 });
  own.portal.inject({ method: MARK, kind: 'sql-error', commit: true });
  own.push(5, 5);
  await until('its retry', () => attempts(own, '5').includes(2), 90_000);
  await until('an empty queue', () => own.portal.rows().length === 0);
  expect(own.portal.queue.marks).toBe(1);
  // By its marked row, and not from the ledger beside it.
  expect(attempts(own, '5')).toEqual([1, 2]);
  expect(own.row()).toMatchObject({ state: 'active', marks_failing_since: null });
  await own.leave();
};

/** @param lost whether its marks are */
const live = async (own: OwnPortal, fault: Omit<Fault, 'method'>, lost: boolean) => {
  const { portal, system } = own;
  const metrics = async () => (await system.get('/metrics')).body;
  const armed = portal.inject({ method: MARK, times: Infinity, ...fault });
  own.push(1, 10);
  await until('the first failures', () => attempts(own, '7').length > 0 && attempts(own, '5').length > 0);
  // All that has not failed leaves the portal meanwhile, and what is new is fetched.
  own.push(11, 30);
  await until('the new events', () => own.delivered().size === 30);
  await until('all but what failed to be cleared', () => {
    const left = portal.rows().map(({ EVENT_DATA }) => JSON.stringify(EVENT_DATA));
    return left.length === 2 && left.every((data) => /"[57]"/.test(data));
  });
  await givenUp(own);
  expect(own.row()?.['marks_failing_since']).toBeGreaterThan(0);
  expect(calls(own)).toBe(lost ? 0 : 5);
  expect(portal.rows().every(({ ERROR, PROCESS_ID }) => ERROR === 0 && PROCESS_ID !== '')).toBe(true);
  const [said] = own.lines('portal.state');
  expect(said?.level).toBe('error');
  expect(said?.message).toMatchObject({ state: 'unmarkable' });
  // Metrics are made once for all who ask within a moment.
  await until('the metric', async () =>
    (await metrics()).includes(`bridge_portal_state{portal="${portal.name}",state="unmarkable"} 1`),
  );
  // A lost mark may still be made for a minute.
  if (lost) await movable.bridge.setClockForward(61_000);
  await until('the retries', () => attempts(own, '7').length === 3 && attempts(own, '5').length === 2);
  await until('an empty queue', () => portal.rows().length === 0);
  await until('the dead letter', async () =>
    (await metrics()).includes(`bridge_events_settled_total{portal="${portal.name}",outcome="dead"} 1`),
  );
  expect([attempts(own, '7'), attempts(own, '5')]).toEqual([
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
  await own.leave();
};

describe('portals that take no marks', () => {
  it.each(FAULTS)(
    'because each is %s have their failures retried while their rows stay held, say so, and keep everything else going',
    async (what) => {
      await lives.get(what);
    },
    240_000,
  );

  it('have their exhausted events in the dead-letter queue', async () => {
    await lives.get('started again');
    const dead = ({ downstream }: TestSystem) => downstream.depth(downstream.names.dead);
    // Another portal's object 7 fails as well, that of the test below.
    await until(
      'one of each',
      async () => (await dead(system)) + (await dead(movable)) === FAULTS.length + 1,
    );
  });
});

describe('a portal that takes no marks', () => {
  it('is tried once with a start, is left alone where that fails, and marks again as soon as one is made', async () => {
    await lives.get('started again');
    // The others live in the service that is stopped.
    await Promise.allSettled(lives.values());
    const own = startedAgain;
    const { portal } = own;
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.start();
    own.push(5, 5);
    await until('its retry', () => attempts(own, '5').length === 2, 90_000);
    await until('an empty queue', () => portal.rows().length === 0);
    expect(calls(own)).toBe(6);
    expect(own.row()).toMatchObject({ state: 'unmarkable' });
    expect(own.lines('portal.state')).toEqual([]);

    expect(await system.bridge.stop()).toBe(0);
    itsFault.remove();
    system.bridge.start();
    portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: '5' } }, userId: '1' });
    await until('a mark', () => portal.queue.marks === 1);
    await until('the log line', () => own.lines('marks.work').length === 1);
    await until('the state', () => own.row()?.['state'] === 'active');
    expect(own.row()?.['marks_failing_since']).toBeNull();
    await until('an empty queue', () => portal.rows().length === 0);
  }, 240_000);

  it('for a while, marks as ever once it is over', async () => {
    await lives.get('for a while');
  }, 120_000);
});
