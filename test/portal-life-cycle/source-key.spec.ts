import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { type BridgeProcess } from '../support/bridge-process.js';
import { type Downstream, type Received } from '../support/downstream.js';
import { json } from '../cli/in-process.js';
import { openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const bound = ({ portal }: OwnPortal, key: string) =>
  portal.bindings().filter(({ event, connector }) => event !== 'ONOFFLINEEVENT' && connector === key);
const rows = ({ portal }: OwnPortal, key: string) => portal.rows().filter((row) => row.CONNECTOR_ID === key);
/** Changes as a portal records them: one row for each key under which the event is bound. */
const change = ({ portal }: OwnPortal, from: number, to: number) => {
  for (const key of new Set(portal.bindings().map(({ connector }) => connector)))
    for (let id = from; id <= to; id += 1) {
      const data = { FIELDS: { ID: String(id) } };
      portal.push({ event: 'ONCRMDEALUPDATE', data, userId: '1', connector: key });
    }
};
const delivered = (own: OwnPortal, count: number) =>
  until(`${count} events`, () => own.delivered().size === count);
const noRow = (own: OwnPortal) => until('no row', () => own.portal.rows().length === 0, 30_000);
const stop = async ({ bridge }: TestSystem) => expect(await bridge.stop()).toBe(0);
const start = ({ bridge }: TestSystem, key: string, settings: Record<string, string> = {}) =>
  bridge.start({ ...settings, B24_AUTH_CONNECTOR: key });

const SETTINGS = {
  SETTLE_AFTER_MS: '600000',
  DRAIN_LIMIT: '10',
  RETRY_BASE_DELAY_MS: '1000',
  PORTAL_RECHECK_MS: '1000',
};

/** Each test begins under no key, before the one change to a key that they have in common. */
describe('the source key of a running installation changes', () => {
  let system: TestSystem;
  let own: OwnPortal;
  let notAllowed: OwnPortal;
  let unremembered: OwnPortal;
  /** Set, changed and set back in a `describe` of its own. */
  let setBack: OwnPortal;
  /** Member ids of those whose events are processed. */
  const processed = new Set<unknown>();
  const onEvent = (event: Received, downstream: Downstream) => {
    if (processed.has(event.body['memberid'])) downstream.reply({ status: 'processed' }, event);
    downstream.channel.ack(event.message);
  };
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: SETTINGS, onEvent });
    notAllowed = await OwnPortal.installed(system, { connector: false });
    unremembered = await OwnPortal.installed(system);
    setBack = await OwnPortal.installed(system);
    change(unremembered, 1, 10);
    change(setBack, 1, 3);
    await delivered(setBack, 3);
    await delivered(unremembered, 10);
    await stop(system);
    // Nobody drains: queued under the old key.
    change(unremembered, 11, 20);
    const file = new Libsql(system.bridge.databaseFile);
    file
      .prepare('update portals set source_key = null where member_id = ?')
      .run(unremembered.portal.memberId);
    file.close();
    start(system, 'erp');
  }, 120_000);
  afterAll(() => system.close());
  afterEach(() => own.leave());
  /** Nothing is settled but by replies, so that rows are held over the changes. */
  const settle = ({ portal, received, system: { downstream } }: OwnPortal) => {
    processed.add(portal.memberId);
    const latest = new Map(received.map((event) => [event.objectId, event]));
    for (const event of latest.values()) downstream.reply({ status: 'processed' }, event);
  };

  it('is one that the plan does not allow: the former one is drained on, its bindings stay', async () => {
    own = notAllowed;
    await until('the state', () => own.lines('portal.state').length > 0);
    change(own, 1, 3);
    await delivered(own, 3);
    expect(bound(own, '')).toHaveLength(3);
    own.portal.setFeatures({ connector: true });
    await until('bindings', () => bound(own, 'erp').length === 3 && bound(own, '').length === 0);
    change(own, 4, 6);
    await delivered(own, 6);
  });

  it('at the very start of the first version that remembers it', async () => {
    own = unremembered;
    await until('bindings', () => bound(own, 'erp').length === 3 && bound(own, '').length === 0);
    await delivered(own, 20);
    settle(own);
    await noRow(own);
  });

  it.each(['request', 'command'] as const)(
    'a plan that gains the feature is bound at that round (the %s was refused)',
    async (connectorRefusal) => {
      own = new OwnPortal(system, { connector: false, connectorRefusal });
      expect((await own.portal.install(`${system.bridge.url}/bitrix24/install`)).status).toBe(200);
      await until('the state', () => own.lines('portal.state').length > 0);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(bound(own, 'erp')).toEqual([]);
      own.portal.setFeatures({ connector: true });
      await until('bindings', () => bound(own, 'erp').length === 3, 5000);
      change(own, 1, 2);
      await delivered(own, 2);
    },
  );

  describe('and time passes:', () => {
    let movable: TestSystem<BridgeProcess>;
    const failing = new Set(['1', '2']);
    let queued: OwnPortal;
    let queuedUnderTheFormer: { readonly free: number; readonly bound: number };
    beforeAll(async () => {
      movable = await openBeforeInstall({
        movableClock: true,
        settings: SETTINGS,
        onEvent: (event, downstream) => {
          if (!failing.delete(event.objectId)) return onEvent(event, downstream);
          downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
          downstream.channel.ack(event.message);
        },
      });
      queued = await OwnPortal.installed(movable);
      change(queued, 1, 12);
      await delivered(queued, 12);
      const heldAgain = () => rows(queued, '').filter((row) => row.ERROR === 1).length === 2;
      await until('marked rows to be held again', heldAgain);
      await stop(movable);
      // Nobody drains: queued under the old key.
      change(queued, 13, 37);
      queuedUnderTheFormer = {
        free: rows(queued, '').filter((row) => row.PROCESS_ID === '').length,
        bound: bound(queued, '').length,
      };
      start(movable, 'erp');
    }, 120_000);
    afterAll(() => movable.close());

    it('what is queued and held under the former one is finished under it, then it is forgotten', async () => {
      own = queued;
      expect(queuedUnderTheFormer.free).toBeGreaterThanOrEqual(25);
      expect(queuedUnderTheFormer.bound).toBe(3);

      await until('new bindings', () => bound(own, 'erp').length === 3);
      await until('the old bindings to be gone', () => bound(own, '').length === 0);
      change(own, 38, 40);
      expect(rows(own, '').some(({ EVENT_DATA }) => JSON.stringify(EVENT_DATA).includes('"38"'))).toBe(false);
      await delivered(own, 40);
      settle(own);
      await noRow(own);
      expect(own.lines('source_key.changed').map(({ message }) => message)).toMatchObject([
        { from: '', to: 'erp' },
      ]);
      // No request from before the change can be at work any more.
      await movable.bridge.setClockForward(61_000);
      await until('it to be forgotten', () => own.lines('source_key.finished').length === 1);
      expect(own.row()).toMatchObject({ source_key: 'erp', former_source_keys: null });
      expect(own.portal.counters.overlaps).toBe(0);
      // Nothing is asked under it any more.
      expect(own.lines('round.failed')).toEqual([]);
    }, 180_000);
  });

  /** Both tests go through the same starts of the service. */
  describe('again:', () => {
    let takenOut: OwnPortal;
    let heldUnderEach: number[];
    beforeAll(async () => {
      await until('bindings', () => bound(setBack, 'erp').length === 3 && bound(setBack, '').length === 0);
      change(setBack, 4, 6);
      await delivered(setBack, 6);
      await stop(system);
      start(system, 'crm');
      await until('bindings', () => bound(setBack, 'crm').length === 3 && bound(setBack, 'erp').length === 0);
      change(setBack, 7, 9);
      await delivered(setBack, 9);
      heldUnderEach = ['', 'erp', 'crm'].map((key) => rows(setBack, key).length);
      takenOut = await OwnPortal.installed(system);
      change(takenOut, 1, 3);
      await delivered(takenOut, 3);
      await stop(system);
      change(takenOut, 4, 5);
      takenOut.portal.setFeatures({ connector: false });
      start(system, '', { SETTLE_AFTER_MS: '1000' });
    }, 180_000);

    it('set, changed and set back, with rows of each', async () => {
      own = setBack;
      expect(heldUnderEach).toEqual([3, 3, 3]);
      await until('bindings', () => bound(setBack, '').length === 3 && bound(setBack, 'crm').length === 0);
      change(setBack, 10, 12);
      await delivered(setBack, 12);
      await noRow(setBack);
    });

    it('is taken out as the plan ceases to allow it: what is left waits for the plan, and nothing else does', async () => {
      own = takenOut;
      await until('bindings', () => bound(takenOut, '').length === 3);
      takenOut.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '6' } } });
      await until('the event of today', () => takenOut.delivered().has('6'));
      await until('it to be settled', () => rows(takenOut, '').length === 0);
      expect(rows(takenOut, 'crm')).toHaveLength(5);
      expect(takenOut.row()).toMatchObject({ state: 'active' });
      const formerKey = async () => {
        const { findings } = await json<{ findings: { subject: string }[] }>(system.bridge, [
          ...['portals', 'check', takenOut.portal.name],
        ]);
        return findings.find(({ subject }) => subject === 'former key');
      };
      expect(await formerKey()).toMatchObject({
        verdict: 'wrong',
        text: expect.stringMatching(/source key crm cannot be finished .*WRONG_LICENSE/),
      });
      takenOut.portal.setFeatures({ connector: true });
      await until('what waited', () => takenOut.delivered().size === 6, 15_000);
      await noRow(takenOut);
      expect(await formerKey()).toMatchObject({
        verdict: 'note',
        text: expect.stringContaining('0 rows are left under source key crm'),
      });
    }, 120_000);
  });
});
