import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { install, openBeforeInstall } from '../support/before-install.js';

describe('a portal in trouble', () => {
  let system: TestSystem;
  let own: OwnPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: { PORTAL_RECHECK_MS: '1000', B24_AUTH_CONNECTOR: 'erp' } });
  });
  afterAll(() => system.close());
  beforeEach(async () => {
    own = await OwnPortal.installed(system);
  });
  afterEach(() => own.leave());

  it('that lost its authorization says what helps, leaves the others alone, and is back with an installation', async () => {
    const other = await OwnPortal.installed(system);
    own.push(1, 3);
    await until('events', () => own.delivered().size === 3);

    own.portal.revoke();
    await until('the state', () => own.state === 'unauthorized');
    // The row is written before the line is.
    await until('the log line', () => own.lines('portal.state').length > 0);
    const said = own.lines('portal.state').at(-1);
    expect(said?.level).toBe('error');
    expect(said?.message).toMatchObject({ portal: own.portal.name, state: 'unauthorized' });
    expect(said?.message['advice']).toContain('install the application on this portal again');
    other.push(1, 1);
    await until("the other portal's event", () => other.delivered().has('1'));
    expect(other.state).toBe('active');
    expect((await system.get('/health/ready')).status).toBe(200);
    // It is not asked again and again.
    const { requests } = own.portal.counters;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(own.portal.counters.requests - requests).toBeLessThanOrEqual(1);

    expect(await install(system, own.portal)).toBe(200);
    own.push(4, 6);
    await until('events of the new installation', () => own.delivered().has('6'));
    expect(own.state).toBe('active');
    await other.leave();
  });

  it('whose refresh token is gone becomes unauthorized with its next renewal', async () => {
    // The next request is told that its token has expired, and the server knows no other.
    system.emulator.faults.inject({
      method: 'oauth',
      kind: 'error',
      times: Infinity,
      status: 400,
      error: 'invalid_grant',
    });
    own.portal.expireAccessTokens();
    await until('the state', () => own.state === 'unauthorized');
    expect(String(own.row()?.['state_reason'])).toContain('invalid_grant');
    system.emulator.faults.clear();
    expect(await install(system, own.portal)).toBe(200);
    expect(own.state).toBe('active');
  });

  it.each([
    ['a plan without REST', 'suspended'] as const,
    ['REST blocked by hand', 'suspended'] as const,
    ['an unpaid application', 'suspended'] as const,
    ['a user who is no administrator', 'suspended'] as const,
  ])('(%s) is %s, and back by itself once the cause is gone', async (cause, expected) => {
    const other = await OwnPortal.installed(system);
    const causes = {
      'a plan without REST': {
        status: 403,
        error: 'ACCESS_DENIED',
        description: 'REST is available only on commercial plans',
      },
      'REST blocked by hand': { status: 503, error: 'OVERLOAD_LIMIT' },
      'an unpaid application': { status: 402, error: 'PAYMENT_REQUIRED' },
      'a user who is no administrator': null,
    }[cause];
    if (causes === null) own.portal.setAdministrator(false);
    else own.portal.setState(causes);
    await until('the state', () => own.state === expected);
    // The row is written before the line is.
    await until('the log line', () => own.lines('portal.state').length > 0);
    const said = own.lines('portal.state').at(-1);
    expect(said?.message).toMatchObject({
      portal: own.portal.name,
      state: expected,
      reason: expect.any(String),
    });
    own.push(1, 2);
    other.push(1, 1);
    await until("the other portal's event", () => other.delivered().has('1'));
    expect(own.delivered().has('1')).toBe(false);

    if (causes === null) own.portal.setAdministrator(true);
    else own.portal.setState('active');
    await until('what was waiting there', () => own.delivered().has('1') && own.delivered().has('2'));
    await until('the state', () => own.state === 'active');
    await other.leave();
  });

  it('whose plan loses source keys is unlicensed, and back by itself when it has them again', async () => {
    own.portal.setFeatures({ connector: false });
    await until('the state', () => own.state === 'unlicensed');
    // The row is written before the line is.
    await until('the log line', () => own.lines('portal.state').length > 0);
    expect(own.lines('portal.state').at(-1)?.message['reason']).toContain('rest_auth_connector');
    own.push(1, 1, 'ONCRMDEALADD');
    own.portal.setFeatures({ connector: true });
    await until('what was waiting there', () => own.delivered().has('1'));
    await until('the state', () => own.state === 'active');
  });
});
