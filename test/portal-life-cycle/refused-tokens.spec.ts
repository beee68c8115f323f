import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type PortalOptions } from '../../emulator/index.js';
import { json, run } from '../cli/in-process.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { openBeforeInstall } from '../support/before-install.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'at-least-12-characters';
/** Between two tries while a token is refused, with jitter. */
const LONGEST_PAUSE_MS = 60_000;
const SETTINGS = { DASHBOARD_PASSWORD: PASSWORD, PORTAL_RECHECK_MS: '1000' };

describe('of one service:', () => {
  let system: TestSystem;
  let own: OwnPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: SETTINGS });
  });
  afterAll(() => system.close());
  // A round that is under way when the clock is set forward runs out of time: there is to be none of another test.
  afterEach(() => own.leave());
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  describe('a portal that refuses our token', () => {
    /** For the tests in which its clock is set forward. */
    let movable: TestSystem<BridgeProcess>;
    let outputBefore: number;
    beforeAll(async () => {
      movable = await openBeforeInstall({ movableClock: true, settings: SETTINGS });
    });
    afterAll(() => movable.close());
    const enter = async (at: TestSystem = system, options: Partial<PortalOptions> = {}) => {
      outputBefore = at.bridge.output.length;
      own = await OwnPortal.installed(at, options);
      await until('the first round', () => own.row()?.['extended'] === 1);
    };
    const reason = () => String(own.row()?.['state_reason']);
    const renewals = () => own.portal.counters.tokenRequests;
    const portalPage = async () => {
      const visitor = new Visitor(own.system.bridge.url);
      await visitor.logIn(PASSWORD);
      return (await visitor.get(`/portals/${own.portal.name}`)).body;
    };

    it('for an error that it remembers is asked once more with a renewed one, whatever the error', async () => {
      await enter();
      const codes = [
        ...['invalid_token', 'NO_AUTH_FOUND', 'authorization_error', 'APPLICATION_NOT_FOUND', 'ERROR_OAUTH'],
        ...['CONNECTION_ERROR', 'SOMETHING_NEW'],
      ];
      for (const [index, code] of codes.entries()) {
        const before = renewals();
        own.portal.refuseAccessTokens(code);
        own.push(index, index);
        await until(`an event after ${code}`, () => own.delivered().has(String(index)));
        expect(renewals() - before).toBe(1);
      }
      expect(own.row()).toMatchObject({ state: 'active', state_reason: null });
      expect(own.lines('portal.state')).toEqual([]);
      expect(own.lines('round.failed')).toEqual([]);
    });

    it('behind a web server that puts its own page in the place of a 401 gets a renewed one all the same', async () => {
      await enter(movable, { selfHosted: true, errorPages: [401] });
      const before = renewals();
      own.portal.expireAccessTokens();
      own.push(1, 1);
      await until('an event', () => own.delivered().has('1'), 15_000);
      expect(renewals() - before).toBe(1);
      expect(own.lines('round.failed')).toEqual([]);
      // It refuses a renewed one, too, and nobody can tell why: nothing but time may help.
      own.portal.setState({ status: 401, error: 'NO_AUTH_FOUND', description: 'Wrong authorization data' });
      own.push(2, 2);
      await until('the reason', () => reason().includes('401'));
      await pause(5000);
      expect(renewals() - before).toBe(2);
      expect(own.state).toBe('active');
      own.portal.setState('active');
      await movable.bridge.setClockForward(LONGEST_PAUSE_MS);
      await until('what waited', () => own.delivered().has('2'), 15_000);
    }, 120_000);

    it.each([
      ['CONNECTION_ERROR', 'Error connecting to authorization server'],
      ['SOMETHING_NEW', 'nobody knows'],
    ])(
      'with %s stays active, is asked ever less often, tells why, and goes on when it is over',
      async (code, description) => {
        await enter(movable);
        const before = renewals();
        own.portal.setState({ status: 401, error: code, description });
        own.push(1, 3);
        await until('the reason', () => reason().includes(code));
        const requests = own.portal.counters.requests;
        await pause(12_000);
        // Its token was renewed once; then nobody knows more with another one.
        expect(renewals() - before).toBe(1);
        expect(own.portal.counters.requests - requests).toBeLessThanOrEqual(4);
        expect(own.state).toBe('active');
        const failed = own.lines('round.failed').map(({ message }) => message);
        expect(failed.every((line) => String(line['reason']).includes(code))).toBe(true);
        const pauses = failed.map((line) => Number(line['nextInMs']));
        expect(pauses.at(-1)).toBeGreaterThan(pauses[0] ?? 0);
        expect(await portalPage()).toContain(description);
        const { findings } = await json<{ findings: { subject: string; text: string }[] }>(movable.bridge, [
          'portals',
          'check',
          own.portal.name,
        ]);
        expect(findings).toEqual([expect.objectContaining({ subject: 'authorization', verdict: 'wrong' })]);
        expect(findings[0]?.text).toContain(code);
        expect((await run(movable.bridge, ['doctor'])).stdout).toMatch(
          new RegExp(`^note +portals +${own.portal.name} is active, but: .*${code}`, 'm'),
        );
        // Nobody is sent to the portal to install anything.
        const output = movable.bridge.output.slice(outputBefore);
        expect(output + JSON.stringify(findings)).not.toMatch(/install the application/);
        expect(own.lines('portal.state')).toEqual([]);

        own.portal.setState('active');
        await movable.bridge.setClockForward(LONGEST_PAUSE_MS);
        await until('the next try', () => own.row()?.['state_reason'] === null, 15_000);
        await until('what waited', () => own.delivered().size === 3, 15_000);
      },
      180_000,
    );

    it('that was newly renewed, too, has withdrawn the authorization: only then the advice is to install', async () => {
      await enter();
      const before = renewals();
      own.portal.setState({ status: 401, error: 'NO_AUTH_FOUND', description: 'Wrong authorization data' });
      await until('the state', () => own.state === 'unauthorized');
      expect(reason()).toContain('a newly renewed token is refused as well');
      expect(renewals() - before).toBe(1);
      await until('the log line', () => own.lines('portal.state').length > 0);
      expect(own.lines('portal.state')[0]?.message['advice']).toContain('install the application');
      const requests = own.portal.counters.requests;
      await pause(3000);
      expect(own.portal.counters.requests).toBe(requests);
      expect((await run(system.bridge, ['portals', 'check', own.portal.name])).stdout).toContain(
        'install the application',
      );
    }, 60_000);

    it('while its authorization server is out of reach for us: it stays active, and goes on by itself', async () => {
      await enter(movable);
      const fault = movable.emulator.faults.inject({
        method: 'oauth',
        kind: 'drop-before-commit',
        times: Infinity,
      });
      own.portal.expireAccessTokens();
      own.push(1, 1);
      await until('the reason', () => reason().includes('no access token'));
      await pause(5000);
      expect(own.state).toBe('active');
      fault.remove();
      await movable.bridge.setClockForward(LONGEST_PAUSE_MS);
      await until('an event', () => own.delivered().has('1'), 15_000);
      await until('no reason', () => own.row()?.['state_reason'] === null);
    }, 120_000);
  });

  describe('a refusal that no other token would mend', () => {
    it.each([
      [401, 'OVERLOAD_LIMIT', 'REST API is blocked due to overload.'],
      [401, 'insufficient_scope', 'The request requires higher privileges'],
      [401, 'ACCESS_DENIED', 'REST API is available only on commercial plans.'],
      [403, 'PORTAL_DELETED', 'Portal was deleted'],
      [410, 'PORTAL_DELETED', 'Portal was deleted'],
      [401, 'PORTAL_DELETED', 'Portal was deleted'],
    ])('suspends the portal, with %s %s, and no token is renewed', async (status, error, description) => {
      own = await OwnPortal.installed(system);
      await until('the first round', () => own.row()?.['extended'] === 1);
      const before = own.portal.counters.tokenRequests;
      own.portal.setState({ status, error, description });
      await until('the state', () => own.row()?.['state'] === 'suspended');
      await pause(2500);
      expect(own.row()?.['state']).toBe('suspended');
      expect(own.portal.counters.tokenRequests).toBe(before);
      own.portal.setState('active');
      own.push(1, 1);
      await until('an event', () => own.delivered().has('1'));
    });
  });
});
