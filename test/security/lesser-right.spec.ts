import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { json, run } from '../cli/in-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, openBeforeInstall, post } from '../support/before-install.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'at-least-12-characters';

describe('a user who is no administrator', () => {
  let system: TestSystem;
  let own: OwnPortal;
  let portal: EmulatedPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: { DASHBOARD_PASSWORD: PASSWORD, PORTAL_RECHECK_MS: '1000' },
    });
  });
  afterAll(() => system.close());
  beforeEach(() => {
    own = new OwnPortal(system);
    ({ portal } = own);
  });

  const row = () => own.row();
  const tokens = () => {
    const { refresh_token: refreshToken, application_token: applicationToken } = row() ?? {};
    return { refreshToken, applicationToken };
  };
  const openApplication = (userId: number) =>
    portal.openInterface(`${system.bridge.url}/bitrix24/install`, userId);
  /** An installation by hand: anybody may send one with his own tokens. */
  const send = (userId: number, applicationToken = portal.applicationToken) =>
    post(system.bridge, '/bitrix24/install', {
      event: 'ONAPPINSTALL',
      auth: {
        ...authOf(portal),
        application_token: applicationToken,
        refresh_token: portal.issueRefreshToken(userId),
      },
    });
  let pushed = 0;
  const metrics = async () => (await system.get('/metrics')).body;
  const flows = async () => {
    pushed += 1;
    own.push(pushed, pushed);
    await until('an event', () => own.delivered().has(String(pushed)));
  };

  it('opens the application of a portal that works: nothing changes, and nobody is asked about his tokens', async () => {
    await install(system, portal);
    const user = portal.addUser();
    const before = tokens();
    const asked = portal.counters.tokenRequests;
    const kept = async () =>
      Number(/^bridge_installs_total\{outcome="kept"\} (\d+)$/m.exec(await metrics())?.[1] ?? 0);
    const keptBefore = await kept();
    for (let time = 0; time < 20; time += 1) {
      expect((await openApplication(user)).status).toBe(200);
    }
    expect(tokens()).toEqual(before);
    expect(portal.counters.tokenRequests).toBe(asked);
    // Once in ten seconds, whoever opens it.
    expect(portal.counters.perMethod['event.offline.list'] ?? 0).toBeLessThan(10);
    await flows();
    expect(row()).toMatchObject({ state: 'active', install_refused_at: null });
    // A text that took long to write is shared for seconds.
    await until('all of them counted', async () => (await kept()) >= keptBefore + 20);
    expect(await kept()).toBe(keptBefore + 20);
  });

  it('does not replace an administrator by an installation of his own, and it shows', async () => {
    await install(system, portal);
    const user = portal.addUser();
    const before = tokens();
    for (const applicationToken of ['the-users-own', portal.applicationToken]) {
      expect((await send(user, applicationToken)).status).toBe(403);
    }
    // The same by a page that brings no application token.
    const form = new URLSearchParams({
      REFRESH_ID: portal.issueRefreshToken(user),
      member_id: portal.memberId,
    });
    expect((await post(system.bridge, '/bitrix24/install', form.toString())).status).toBe(200);
    expect(tokens()).toEqual(before);
    await flows();
    // Its notifications are still believed.
    const told = { event: 'ONOFFLINEEVENT', auth: authOf(portal) };
    expect((await post(system.bridge, '/bitrix24/events', told)).status).toBe(200);
    expect(row()?.['state']).toBe('active');
    // One line, however often.
    await until('its line', () => own.lines('install.lesser_right').length > 0);
    const lines = own.lines('install.lesser_right').map(({ message }) => message);
    expect(lines).toMatchObject([{ portal: portal.name, from: '127.0.0.1' }]);
    expect(String(lines[0]?.['reason'])).toContain('ACCESS_DENIED');
    const counted = `bridge_installs_refused_total{portal="${portal.name}"} 3`;
    await until('all three to be counted', async () => (await metrics()).includes(counted));
    const { findings } = await json<{ findings: { subject: string; verdict: string; text: string }[] }>(
      system.bridge,
      ['portals', 'check', portal.name],
    );
    expect(findings.find(({ subject }) => subject === 'installations')).toMatchObject({ verdict: 'note' });
    expect((await run(system.bridge, ['portals', 'list'])).stdout).toMatch(
      new RegExp(`^${portal.name} .*an installation was refused`, 'm'),
    );
    const visitor = new Visitor(system.bridge.url);
    await visitor.logIn(PASSWORD);
    expect((await visitor.get(`/portals/${portal.name}`)).body).toContain('An installation was refused');
    // An administrator's replaces the tokens, and what was refused before is over.
    expect((await send(portal.addUser({ administrator: true }))).status).toBe(200);
    expect(tokens().refreshToken).not.toBe(before.refreshToken);
    expect(row()).toMatchObject({ install_refused_at: null });
    await flows();
  });

  it('does not make a portal worse that has lost its authorization; an administrator brings it back', async () => {
    await install(system, portal);
    const user = portal.addUser();
    portal.revoke();
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
    const user = portal.addUser();
    expect((await openApplication(user)).status).toBe(200);
    await until('the state', () => row()?.['state'] === 'suspended');
    expect(String(row()?.['state_reason'])).toContain('no administrator');
    // Another one does not help, and neither replaces him.
    const before = tokens();
    expect((await openApplication(portal.addUser())).status).toBe(200);
    expect(tokens()).toEqual(before);
    expect((await openApplication(1)).status).toBe(200);
    await until('bindings', () => portal.bindings().length === 3);
    await flows();
    expect(row()).toMatchObject({ state: 'active' });
  });

  it('who was one when he installed is replaced by one who is', async () => {
    await install(system, portal);
    portal.setAdministrator(false);
    own.push(100, 100);
    await until('the state', () => row()?.['state'] === 'suspended');
    expect((await openApplication(portal.addUser({ administrator: true }))).status).toBe(200);
    await until('the state', () => row()?.['state'] === 'active');
    await until('what waited', () => own.delivered().has('100'));
  });
});
