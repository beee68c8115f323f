import { afterEach, describe, expect, it } from '@jest/globals';
import { type Stage } from '../support/stage.js';
import { until } from '../support/until.js';
import { install, linesOf, openVestibule, portalRow } from '../support/vestibule.js';

describe('a portal in trouble', () => {
  let stage: Stage;
  afterEach(() => stage.close());
  const state = (memberId = stage.portal.memberId) => portalRow(stage.bridge, memberId)?.['state'];
  const others = () => {
    const portal = stage.emulator.addPortal({ name: 'bravo' });
    return {
      portal,
      push: (id: string) => portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: id } } }),
    };
  };

  it('that lost its authorization says what helps, leaves the others alone, and is back with an installation', async () => {
    stage = await openVestibule();
    const other = others();
    await install(stage);
    await install(stage, other.portal);
    stage.push(1, 3);
    await until('events', () => stage.delivered().size === 3);

    stage.portal.revoke();
    await until('the state', () => state() === 'unauthorized');
    // The row is written before the line is.
    await until('the log line', () => linesOf(stage.bridge, 'portal.state').length > 0);
    const said = linesOf(stage.bridge, 'portal.state').at(-1);
    expect(said?.level).toBe('error');
    expect(said?.message).toMatchObject({ portal: 'acme', state: 'unauthorized' });
    expect(said?.message['advice']).toContain('install the application on this portal again');
    other.push('b1');
    await until("the other portal's event", () => stage.delivered().has('b1'));
    expect(state(other.portal.memberId)).toBe('active');
    expect((await stage.get('/health/ready')).status).toBe(200);
    // It is not asked again and again.
    const { requests } = stage.portal.counters;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(stage.portal.counters.requests - requests).toBeLessThanOrEqual(1);

    expect(await install(stage)).toBe(200);
    stage.push(4, 6);
    await until('events of the new installation', () => stage.delivered().has('6'));
    expect(state()).toBe('active');
  });

  it('whose refresh token is gone becomes unauthorized with its next renewal', async () => {
    stage = await openVestibule();
    await install(stage);
    // The next request is told that its token has expired, and the server knows no other.
    stage.emulator.faults.inject({
      method: 'oauth',
      kind: 'error',
      times: Infinity,
      status: 400,
      error: 'invalid_grant',
    });
    stage.portal.expireAccessTokens();
    await until('the state', () => state() === 'unauthorized');
    expect(String(portalRow(stage.bridge, stage.portal.memberId)?.['state_reason'])).toContain(
      'invalid_grant',
    );
    stage.emulator.faults.clear();
    expect(await install(stage)).toBe(200);
    expect(state()).toBe('active');
  });

  it.each([
    ['a plan without REST', 'suspended'] as const,
    ['REST blocked by hand', 'suspended'] as const,
    ['an unpaid application', 'suspended'] as const,
    ['a user who is no administrator', 'suspended'] as const,
  ])('(%s) is %s, and back by itself once the cause is gone', async (cause, expected) => {
    stage = await openVestibule({ settings: { PORTAL_RECHECK_MS: '1000' } });
    const other = others();
    await install(stage);
    await install(stage, other.portal);
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
    if (causes === null) stage.portal.setAdministrator(false);
    else stage.portal.setState(causes);
    await until('the state', () => state() === expected);
    // The row is written before the line is.
    await until('the log line', () => linesOf(stage.bridge, 'portal.state').length > 0);
    const said = linesOf(stage.bridge, 'portal.state').at(-1);
    expect(said?.message).toMatchObject({ portal: 'acme', state: expected, reason: expect.any(String) });
    stage.push(1, 2);
    other.push('b1');
    await until("the other portal's event", () => stage.delivered().has('b1'));
    expect(stage.delivered().has('1')).toBe(false);

    if (causes === null) stage.portal.setAdministrator(true);
    else stage.portal.setState('active');
    await until('what was waiting there', () => stage.delivered().has('1') && stage.delivered().has('2'));
    await until('the state', () => state() === 'active');
  });

  it('whose plan loses source keys is unlicensed, and back by itself when it has them again', async () => {
    stage = await openVestibule({ settings: { PORTAL_RECHECK_MS: '1000', B24_AUTH_CONNECTOR: 'erp' } });
    await install(stage);
    stage.portal.setFeatures({ connector: false });
    await until('the state', () => state() === 'unlicensed');
    // The row is written before the line is.
    await until('the log line', () => linesOf(stage.bridge, 'portal.state').length > 0);
    expect(linesOf(stage.bridge, 'portal.state').at(-1)?.message['reason']).toContain('rest_auth_connector');
    stage.portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: '1' } }, connector: 'erp' });
    stage.portal.setFeatures({ connector: true });
    await until('what was waiting there', () => stage.delivered().has('1'));
    await until('the state', () => state() === 'active');
  });
});
