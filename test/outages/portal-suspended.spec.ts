import { afterAll, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { until } from '../support/until.js';
import { ManyPortals } from './many-portals.js';
import { BACK_WITHIN_MS, seconds } from './outage.js';

interface Refusal {
  readonly refuse: (portal: EmulatedPortal) => void;
  readonly reason: RegExp;
}
const state = (name: Parameters<EmulatedPortal['setState']>[0]) => (portal: EmulatedPortal) =>
  portal.setState(name);

/** Refusals that people have to remove, and what the portal's state says of them. */
const REFUSALS: Record<string, Refusal> = {
  overloaded: { refuse: state('overload'), reason: /503 OVERLOAD_LIMIT/ },
  unpaid: { refuse: state('payment-required'), reason: /403 PAYMENT_REQUIRED/ },
  deleted: { refuse: state('deleted'), reason: /500 PORTAL_DELETED/ },
  free: { refuse: state('not-commercial'), reason: /403 ACCESS_DENIED .*commercial plans/ },
  removed: { refuse: state('manifest-unavailable'), reason: /404 ERROR_MANIFEST_IS_NOT_AVAILABLE/ },
  // Seen by the licence page that everything leads to, and by https that is not spoken.
  unlicenced: {
    refuse: state('license-expired'),
    reason:
      /302 LICENSE_EXPIRED \(the licence .*expired.* http:\/\/unlicenced\.localhost:\d+\/bitrix\/coupon_activation\.php\)/,
  },
  moved: {
    refuse: state('https-only'),
    reason: /302 REDIRECTED \(redirected to https:\/\/moved\.localhost:\d+\/rest\/batch, .*use https:\/\//,
  },
  restricted: { refuse: state('access-restricted'), reason: /403 user_access_error/ },
  demoted: { refuse: (portal) => portal.setAdministrator(false), reason: /ACCESS_DENIED/ },
};
const RECHECK_MS = 2000;

describe('portals that refuse all calls', () => {
  let many: ManyPortals;
  const refusing = Object.keys(REFUSALS);
  const names = [...refusing, 'revoked', 'fine'];
  afterAll(() => many.close());

  it('are suspended with the reason, looked at slowly, and nobody else notices', async () => {
    many = await ManyPortals.open(names, { PORTAL_RECHECK_MS: String(RECHECK_MS) });
    many.push(5);
    await until('a quiet start', () => many.unfinished(names).length === 0);
    for (const [name, { refuse }] of Object.entries(REFUSALS)) refuse(many.portal(name));
    many.portal('revoked').revoke();
    many.push(20);
    await until('every state', async () => {
      const states = await many.states();
      return (
        refusing.every((name) => states.get(name) === 'suspended') && states.get('revoked') === 'unauthorized'
      );
    });
    // The log comes by another way than the metrics.
    await until('every reason', () =>
      [...refusing, 'revoked'].every((name) => many.reasons('portal.state', name).length > 0),
    );
    for (const [name, { reason }] of Object.entries(REFUSALS)) {
      expect(many.reasons('portal.state', name)[0]).toMatch(reason);
    }
    expect(many.reasons('portal.state', 'revoked')[0]).toMatch(/invalid_token|invalid_grant/);
    expect((await many.states()).get('fine')).toBe('active');
    await until('the healthy portal', () => many.unfinished(['fine']).length === 0, BACK_WITHIN_MS);

    const requests = () => new Map(names.map((name) => [name, many.portal(name).counters.requests]));
    const before = requests();
    await seconds((2 * RECHECK_MS) / 1000);
    for (const [name, count] of requests()) {
      if (name !== 'fine') expect([name, count - (before.get(name) ?? 0) <= 4]).toEqual([name, true]);
    }
    expect(many.portal('revoked').counters.requests).toBe(before.get('revoked'));
    expect((await many.get('/health/ready')).status).toBe(200);
    // One line a portal, however often it was looked at.
    for (const name of refusing) expect(many.reasons('portal.state', name)).toHaveLength(1);
  }, 180_000);

  it('come back by themselves after their next check; one without authorization keeps what it holds', async () => {
    for (const name of refusing) {
      many.portal(name).setState('active');
      many.portal(name).setAdministrator(true);
    }
    await until(
      'everything of those that came back',
      () => many.unfinished(refusing).length === 0,
      RECHECK_MS + BACK_WITHIN_MS,
    );
    const states = await many.states();
    for (const name of refusing) expect([name, states.get(name)]).toEqual([name, 'active']);
    expect(states.get('revoked')).toBe('unauthorized');
    expect(many.portal('revoked').rows()).toHaveLength(20);
  }, 180_000);
});
