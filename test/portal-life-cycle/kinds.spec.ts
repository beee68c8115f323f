import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { json } from '../cli/in-process.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { install, openBeforeInstall } from '../support/before-install.js';

interface Checked {
  readonly exitCode: number;
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
}

const SETTINGS = {
  B24_AUTH_CONNECTOR: 'bridge',
  RETRY_BASE_DELAY_MS: '300',
  DASHBOARD_PASSWORD: 'open-sesame-123',
};

describe('of one service:', () => {
  let system: TestSystem;
  let own: OwnPortal;
  let failsOnce: string | null = null;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: SETTINGS,
      onEvent: (event, downstream) => {
        if (event.body['memberid'] === failsOnce && event.objectId === '5' && event.attempt === 1)
          downstream.reply({ status: 'failed' }, event);
        downstream.channel.ack(event.message);
      },
    });
  }, 60_000);
  afterAll(() => system?.close());
  afterEach(() => own.leave());

  describe('kinds of portals', () => {
    /** For the test in which its clock is set forward. */
    let movable: TestSystem<BridgeProcess>;
    beforeAll(async () => {
      movable = await openBeforeInstall({ movableClock: true, settings: SETTINGS });
    }, 60_000);
    afterAll(() => movable?.close());
    const finding = async (command: string[], subject: string) => {
      const { exitCode, findings } = await json<Checked>(own.system.bridge, command);
      const wanted = findings.find(
        (one) => one.subject === subject && (command[0] !== 'doctor' || one.text.includes(own.portal.name)),
      );
      return { exitCode, ...wanted };
    };
    const check = (subject: string) => finding(['portals', 'check', own.portal.name], subject);
    const doctor = () => finding(['doctor'], 'portals');
    const states = () => own.lines('portal.state').map(({ message }) => message['state']);
    const reservedEvents = () =>
      own.received.filter(({ processId }) => !processId.startsWith('journal-')).length;

    it('a self-hosted one is drained with reservations and marks', async () => {
      own = new OwnPortal(system, { selfHosted: true });
      failsOnce = own.portal.memberId;
      await install(system, own.portal);
      own.push(1, 20);
      await until('every event and the retry', () => own.received.length === 21);
      await until('an empty queue', () => own.portal.rows().length === 0);
      expect(reservedEvents()).toBe(21);
      expect(own.portal.queue.marks).toBe(1);
      expect(own.portal.counters.refusals).toEqual({});
      expect(own.row()).toMatchObject({ state: 'active', extended: 1 });
      expect(await check('reservations')).toMatchObject({
        exitCode: 0,
        verdict: 'ok',
        text: expect.stringContaining('self-hosted'),
      });
      expect(await check('source key')).toMatchObject({ verdict: 'ok' });
    });

    it('one that refuses to reserve is journaled, whatever it says of its plan, and reserves again when it can', async () => {
      own = await OwnPortal.installed(system, { extended: false, featureAnswer: 'Y' });
      own.push(1, 5);
      await until('every event', () => own.delivered().size === 5);
      await until('an empty queue', () => own.portal.rows().length === 0);
      expect(reservedEvents()).toBe(0);
      expect(own.row()).toMatchObject({ state: 'active', extended: 0 });
      expect(await check('reservations')).toMatchObject({
        verdict: 'note',
        text: expect.stringContaining('although it says'),
      });
      own.portal.setFeatures({ extended: true, answer: 'en_selfhosted' });
      // A running service asks every five minutes, and a new one at once.
      expect(await system.bridge.stop()).toBe(0);
      system.bridge.start();
      await until('the answer', () => own.row()?.['extended'] === 1);
      own.push(6, 9);
      await until('events with reservations', () => reservedEvents() === 4);
    });

    it('one whose application is installed and not finished says so everywhere, and goes on when it is finished', async () => {
      own = new OwnPortal(movable, { interface: true });
      expect(await install(movable, own.portal)).toBe(200);
      await until('the state', () => own.state === 'unfinished');
      await until('the log line', () => states().length > 0);
      const [said] = own.lines('portal.state');
      expect(said?.level).toBe('error');
      expect(said?.message['reason']).toContain('not finished');
      expect(said?.message['advice']).toContain('installFinish');
      own.push(1, 3);
      expect(own.portal.rows()).toEqual([]);
      expect((await movable.get('/metrics')).body).toContain(
        `bridge_portal_state{portal="${own.portal.name}",state="unfinished"} 1`,
      );
      expect((await movable.get('/health/ready')).status).toBe(200);
      for (const told of [await check('installation'), await doctor()]) {
        expect(told).toMatchObject({
          exitCode: 1,
          verdict: 'wrong',
          text: expect.stringContaining('installFinish'),
        });
      }
      // A restart changes nothing, and says nothing new.
      expect(await movable.bridge.stop()).toBe(0);
      const asked = own.portal.counters.perMethod['app.info'] ?? 0;
      movable.bridge.start();
      await until('it to ask', () => (own.portal.counters.perMethod['app.info'] ?? 0) > asked);
      own.portal.finishInstallation();
      // It asks every half minute.
      await movable.bridge.setClockForward(31_000);
      own.push(4, 6);
      await until('the events since', () => own.delivered().size === 3);
      await until('the state', () => own.state === 'active' && states().length > 0);
      expect(await check('installation')).toMatchObject({ exitCode: 0 });
      expect(states()).toEqual(['active']);
    }, 180_000);
  });

  describe('kinds of portals of one service', () => {
    it.each(['N', 'perhaps', 7, ''])(
      'one that reserves is drained with reservations, whatever it says of its plan: %j',
      async (answer) => {
        own = await OwnPortal.installed(system, { featureAnswer: answer });
        own.push(1, 5);
        await until('every event', () => own.delivered().size === 5);
        await until('an empty queue', () => own.portal.rows().length === 0);
        expect(own.received.filter(({ processId }) => processId.startsWith('journal-'))).toEqual([]);
        const { findings } = await json<Checked>(system.bridge, ['portals', 'check', own.portal.name]);
        expect(findings.find(({ subject }) => subject === 'reservations')).toMatchObject({
          verdict: 'ok',
          text: expect.stringContaining('although it does not say'),
        });
      },
    );

    it.each<[string, Parameters<TestSystem['portal']['inject']>[0]]>([
      ['refuses to', { method: 'app.info', kind: 'error', status: 404, error: 'ERROR_METHOD_NOT_FOUND' }],
      [
        'has not the right to',
        { method: 'app.info', kind: 'error', status: 403, error: 'insufficient_scope' },
      ],
      ['fails to', { method: 'app.info', kind: 'sql-error' }],
    ])('one that %s tell of its installation is like any other', async (_what, fault) => {
      own = new OwnPortal(system);
      own.portal.inject({ ...fault, times: Infinity });
      expect(await install(system, own.portal)).toBe(200);
      own.push(1, 3);
      await until('its events', () => own.delivered().size === 3);
      expect(own.row()).toMatchObject({ state: 'active' });
      expect(own.lines('portal.state')).toEqual([]);
    });
  });
});
