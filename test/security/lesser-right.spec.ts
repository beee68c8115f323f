import { afterEach, describe, expect, it } from '@jest/globals';
import { json, run } from '../cli/command-line.js';
import { type TestSystem, type TestSystemOptions } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'at-least-12-characters';

describe('a user who is no administrator', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const open = async (options: TestSystemOptions = {}) => {
    system = await openBeforeInstall({
      ...options,
      settings: { DASHBOARD_PASSWORD: PASSWORD, ...options.settings },
    });
    await install(system);
  };
  const row = () => portalRow(system.bridge, system.portal.memberId);
  const tokens = () => {
    const { refresh_token: refreshToken, application_token: applicationToken } = row() ?? {};
    return { refreshToken, applicationToken };
  };
  const openApplication = (userId: number) =>
    system.portal.openInterface(`${system.bridge.url}/bitrix24/install`, userId);
  /** An installation by hand: anybody may send one with his own tokens. */
  const send = (userId: number, applicationToken = system.portal.applicationToken) =>
    post(system.bridge, '/bitrix24/install', {
      event: 'ONAPPINSTALL',
      auth: {
        ...authOf(system.portal),
        application_token: applicationToken,
        refresh_token: system.portal.issueRefreshToken(userId),
      },
    });
  let pushed = 0;
  const flows = async () => {
    pushed += 1;
    system.push(pushed, pushed);
    await until('an event', () => system.delivered().has(String(pushed)));
  };

  it('opens the application of a portal that works: nothing changes, and nobody is asked about his tokens', async () => {
    await open();
    const user = system.portal.addUser();
    const before = tokens();
    const asked = system.portal.counters.tokenRequests;
    for (let time = 0; time < 20; time += 1) {
      expect((await openApplication(user)).status).toBe(200);
    }
    expect(tokens()).toEqual(before);
    expect(system.portal.counters.tokenRequests).toBe(asked);
    // Once in ten seconds, whoever opens it.
    expect(system.portal.counters.perMethod['event.offline.list'] ?? 0).toBeLessThan(10);
    await flows();
    expect(row()).toMatchObject({ state: 'active', install_refused_at: null });
    expect((await system.get('/metrics')).body).toContain('bridge_installs_total{outcome="kept"} 20');
  });

  it('does not replace an administrator by an installation of his own, and it shows', async () => {
    await open();
    const user = system.portal.addUser();
    const before = tokens();
    for (const applicationToken of ['the-users-own', system.portal.applicationToken]) {
      expect((await send(user, applicationToken)).status).toBe(403);
    }
    // The same by a page that brings no application token.
    const form = new URLSearchParams({
      REFRESH_ID: system.portal.issueRefreshToken(user),
      member_id: system.portal.memberId,
    });
    expect((await post(system.bridge, '/bitrix24/install', form.toString())).status).toBe(200);
    expect(tokens()).toEqual(before);
    await flows();
    // Its notifications are still believed.
    const told = { event: 'ONOFFLINEEVENT', auth: authOf(system.portal) };
    expect((await post(system.bridge, '/bitrix24/events', told)).status).toBe(200);
    expect(row()?.['state']).toBe('active');
    // One line, however often.
    await until('its line', () => linesOf(system.bridge, 'install.lesser_right').length > 0);
    const lines = linesOf(system.bridge, 'install.lesser_right').map(({ message }) => message);
    expect(lines).toMatchObject([{ portal: 'acme', from: '127.0.0.1' }]);
    expect(String(lines[0]?.['reason'])).toContain('ACCESS_DENIED');
    expect((await system.get('/metrics')).body).toContain('bridge_installs_refused_total{portal="acme"} 3');
    const { findings } = await json<{ findings: { subject: string; verdict: string; text: string }[] }>(
      system.bridge,
      ['portals', 'check', 'acme'],
    );
    expect(findings.find(({ subject }) => subject === 'installations')).toMatchObject({ verdict: 'note' });
    expect((await run(system.bridge, ['portals', 'list'])).stdout).toContain('an installation was refused');
    const visitor = new Visitor(system.bridge.url);
    await visitor.logIn(PASSWORD);
    expect((await visitor.get('/portals/acme')).body).toContain('An installation was refused');
    // An administrator's replaces the tokens, and what was refused before is over.
    expect((await send(system.portal.addUser({ administrator: true }))).status).toBe(200);
    expect(tokens().refreshToken).not.toBe(before.refreshToken);
    expect(row()).toMatchObject({ install_refused_at: null });
    await flows();
  });

  it('does not make a portal worse that has lost its authorization; an administrator brings it back', async () => {
    await open();
    const user = system.portal.addUser();
    system.portal.revoke();
    await until('the state', () => row()?.['state'] === 'unauthorized');
    const before = tokens();
    expect((await openApplication(user)).status).toBe(200);
    expect((await send(user)).status).toBe(403);
    expect(tokens()).toEqual(before);
    expect(row()).toMatchObject({ state: 'unauthorized' });
    expect(Number(row()?.['install_refused_at'])).toBeGreaterThan(0);
    expect((await openApplication(1)).status).toBe(200);
    await until('the state', () => row()?.['state'] === 'active');
    await flows();
  });

  it('installs an application that is new there: it says what it lacks, and an administrator opens it', async () => {
    system = await openBeforeInstall({ settings: { PORTAL_RECHECK_MS: '1000' } });
    const user = system.portal.addUser();
    expect((await openApplication(user)).status).toBe(200);
    await until('the state', () => row()?.['state'] === 'suspended');
    expect(String(row()?.['state_reason'])).toContain('no administrator');
    // Another one does not help, and neither replaces him.
    const before = tokens();
    expect((await openApplication(system.portal.addUser())).status).toBe(200);
    expect(tokens()).toEqual(before);
    expect((await openApplication(1)).status).toBe(200);
    await until('bindings', () => system.portal.bindings().length === 3);
    await flows();
    expect(row()).toMatchObject({ state: 'active' });
  });

  it('who was one when he installed is replaced by one who is', async () => {
    await open({ settings: { PORTAL_RECHECK_MS: '1000' } });
    system.portal.setAdministrator(false);
    system.push(100, 100);
    await until('the state', () => row()?.['state'] === 'suspended');
    expect((await openApplication(system.portal.addUser({ administrator: true }))).status).toBe(200);
    await until('the state', () => row()?.['state'] === 'active');
    await until('what waited', () => system.delivered().has('100'));
  });
});
