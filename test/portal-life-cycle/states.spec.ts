import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { install, linesOf, openBeforeInstall, portalRow } from '../support/before-install.js';

describe('a portal in trouble', () => {
  let system: TestSystem;
  afterEach(() => system.close());
  const state = (memberId = system.portal.memberId) => portalRow(system.bridge, memberId)?.['state'];
  const others = () => {
    const portal = system.emulator.addPortal({ name: 'bravo' });
    return {
      portal,
      push: (id: string) => portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: id } } }),
    };
  };

  it('that lost its authorization says what helps, leaves the others alone, and is back with an installation', async () => {
    system = await openBeforeInstall();
    const other = others();
    await install(system);
    await install(system, other.portal);
    system.push(1, 3);
    await until('events', () => system.delivered().size === 3);

    system.portal.revoke();
    await until('the state', () => state() === 'unauthorized');
    // The row is written before the line is.
    await until('the log line', () => linesOf(system.bridge, 'portal.state').length > 0);
    const said = linesOf(system.bridge, 'portal.state').at(-1);
    expect(said?.level).toBe('error');
    expect(said?.message).toMatchObject({ portal: 'acme', state: 'unauthorized' });
    expect(said?.message['advice']).toContain('install the application on this portal again');
    other.push('b1');
    await until("the other portal's event", () => system.delivered().has('b1'));
    expect(state(other.portal.memberId)).toBe('active');
    expect((await system.get('/health/ready')).status).toBe(200);
    // It is not asked again and again.
    const { requests } = system.portal.counters;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(system.portal.counters.requests - requests).toBeLessThanOrEqual(1);

    expect(await install(system)).toBe(200);
    system.push(4, 6);
    await until('events of the new installation', () => system.delivered().has('6'));
    expect(state()).toBe('active');
  });

  it('whose refresh token is gone becomes unauthorized with its next renewal', async () => {
    system = await openBeforeInstall();
    await install(system);
    // The next request is told that its token has expired, and the server knows no other.
    system.emulator.faults.inject({
      method: 'oauth',
      kind: 'error',
      times: Infinity,
      status: 400,
      error: 'invalid_grant',
    });
    system.portal.expireAccessTokens();
    await until('the state', () => state() === 'unauthorized');
    expect(String(portalRow(system.bridge, system.portal.memberId)?.['state_reason'])).toContain(
      'invalid_grant',
    );
    system.emulator.faults.clear();
    expect(await install(system)).toBe(200);
    expect(state()).toBe('active');
  });

  it.each([
    ['a plan without REST', 'suspended'] as const,
    ['REST blocked by hand', 'suspended'] as const,
    ['an unpaid application', 'suspended'] as const,
    ['a user who is no administrator', 'suspended'] as const,
  ])('(%s) is %s, and back by itself once the cause is gone', async (cause, expected) => {
    system = await openBeforeInstall({ settings: { PORTAL_RECHECK_MS: '1000' } });
    const other = others();
    await install(system);
    await install(system, other.portal);
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
    if (causes === null) system.portal.setAdministrator(false);
    else system.portal.setState(causes);
    await until('the state', () => state() === expected);
    // The row is written before the line is.
    await until('the log line', () => linesOf(system.bridge, 'portal.state').length > 0);
    const said = linesOf(system.bridge, 'portal.state').at(-1);
    expect(said?.message).toMatchObject({ portal: 'acme', state: expected, reason: expect.any(String) });
    system.push(1, 2);
    other.push('b1');
    await until("the other portal's event", () => system.delivered().has('b1'));
    expect(system.delivered().has('1')).toBe(false);

    if (causes === null) system.portal.setAdministrator(true);
    else system.portal.setState('active');
    await until('what was waiting there', () => system.delivered().has('1') && system.delivered().has('2'));
    await until('the state', () => state() === 'active');
  });

  it('whose plan loses source keys is unlicensed, and back by itself when it has them again', async () => {
    system = await openBeforeInstall({ settings: { PORTAL_RECHECK_MS: '1000', B24_AUTH_CONNECTOR: 'erp' } });
    await install(system);
    system.portal.setFeatures({ connector: false });
    await until('the state', () => state() === 'unlicensed');
    // The row is written before the line is.
    await until('the log line', () => linesOf(system.bridge, 'portal.state').length > 0);
    expect(linesOf(system.bridge, 'portal.state').at(-1)?.message['reason']).toContain('rest_auth_connector');
    system.portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: '1' } }, connector: 'erp' });
    system.portal.setFeatures({ connector: true });
    await until('what was waiting there', () => system.delivered().has('1'));
    await until('the state', () => state() === 'active');
  });
});
