import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { json, run } from '../cli/in-process.js';
import { type LogLine } from '../support/test-bridge.js';
import { OwnPortal } from '../support/own-portal.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, portalRow, post } from '../support/before-install.js';

/** Long enough for several rounds of a portal that is called. */
const QUIET_MS = 1500;

const asked = ({ counters }: EmulatedPortal) => counters.requests + counters.tokenRequests;
const staysQuiet = async (portal: EmulatedPortal) => {
  const before = asked(portal);
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  expect(asked(portal)).toBe(before);
};
const restart = async ({ bridge }: TestSystem, list: string, settings: Record<string, string> = {}) => {
  await bridge.stop();
  bridge.start({ ...settings, B24_ALLOWED_PORTALS: list });
  await bridge.logged('http.listening');
};

describe('a portal that B24_ALLOWED_PORTALS does not name', () => {
  let system: TestSystem;
  let said: OwnPortal;
  let moving: OwnPortal;
  let uninstalled: OwnPortal;
  /** What is said of two first portals, of which one is known by its address already, the other by its member id. */
  let byAddress: OwnPortal;
  let byMember: EmulatedPortal;
  let addressNotInstalled: LogLine;
  let memberNotInstalled: LogLine;
  beforeAll(async () => {
    system = await TestSystem.prepare({
      settings: {
        DASHBOARD_PASSWORD: 'correct horse battery',
        SETTLE_AFTER_MS: '600000',
        PORTAL_RECHECK_MS: '1000',
        B24_ALLOWED_PORTALS: `said.localhost,moving.localhost,uninstalled.localhost,${'f'.repeat(32)}`,
      },
    });
    const { bridge } = system;
    byMember = system.portal;
    byAddress = new OwnPortal(system, { name: 'by-address' });
    bridge.start();
    await system.downstream.start();
    memberNotInstalled = await bridge.logged('portal.not_installed');
    said = await OwnPortal.installed(system, { name: 'said' });
    moving = await OwnPortal.installed(system, { name: 'moving' });
    uninstalled = await OwnPortal.installed(system, { name: 'uninstalled' });
    said.push(1, 3);
    await until('events', () => said.delivered().size === 3);
    const { domain } = byAddress.portal;
    const first = { B24_DOMAIN: domain, B24_REFRESH_TOKEN: byAddress.portal.issueRefreshToken() };
    await restart(system, '*.bitrix24.com,moving.localhost', first);
    addressNotInstalled = await bridge.logged('portal.not_installed');
  });
  afterAll(() => system.close());

  const stopped = (own: OwnPortal) => until('the state', () => own.row()?.['state'] === 'not_allowed');
  const delivered = (own: OwnPortal, id: string) => until(`event ${id}`, () => own.delivered().has(id));
  /** Of the portal that is known by its address, until the list named it. */
  let unnamed: { asked: number; row: unknown };
  /** Has the list name portals that have been quiet until then; the tests that follow go on with it. */
  const nameThem = async () => {
    const list = 'said.localhost,moving.localhost,by-address.localhost';
    if (system.bridge.settings['B24_ALLOWED_PORTALS'] === list) return;
    await Promise.all([staysQuiet(said.portal), staysQuiet(byAddress.portal)]);
    unnamed = { asked: asked(byAddress.portal), row: byAddress.row() };
    await restart(system, list);
  };

  it('any more is not called and not renewed, says so everywhere, loses nothing, and comes back with the list', async () => {
    const { portal } = said;
    expect(portal.rows()).toHaveLength(3);
    await stopped(said);
    // One request may have been on its way when it was stopped; from now on there is none.
    portal.expireAccessTokens();
    said.push(4, 6);
    const notice = { event: 'ONOFFLINEEVENT', auth: authOf(portal) };
    expect((await post(system.bridge, '/bitrix24/events', notice)).status).toBe(403);
    await staysQuiet(portal);
    // What is in hand is heard of and kept, here and there.
    system.downstream.reply({ status: 'processed' }, said.received[0]);
    await until('the outcome', async () => {
      const { counts } = await json<{ counts: Record<string, number> }>(system.bridge, [
        'events',
        'list',
        '--state',
        'published,processed',
      ]);
      return counts['processed'] === 1 && counts['published'] === 2;
    });
    expect(portal.rows()).toHaveLength(6);
    expect(said.delivered().size).toBe(3);

    const reason = /said\.localhost:\d+ \(member id [0-9a-f]{32}\) is not among B24_ALLOWED_PORTALS/;
    await until('the log line', () => said.lines('portal.state').length > 0);
    expect(said.lines('portal.state').map(({ message }) => message)).toMatchObject([
      { portal: 'said', state: 'not_allowed', reason: expect.stringMatching(reason) },
    ]);
    expect((await system.get('/metrics')).body).toContain(
      'bridge_portal_state{portal="said",state="not_allowed"} 1',
    );
    const list = { B24_ALLOWED_PORTALS: '*.bitrix24.com' };
    expect((await run(system.bridge, ['portals', 'list'], list)).stdout).toMatch(
      new RegExp(`^said .* not_allowed .*${reason.source}`, 'm'),
    );
    for (const command of [['portals', 'check', 'said'], ['doctor']]) {
      const { stdout, exitCode } = await run(system.bridge, command, list);
      expect([exitCode, stdout]).toEqual([1, expect.stringMatching(reason)]);
    }

    await nameThem();
    await delivered(said, '6');
    await until('the state', () => said.row()?.['state'] === 'active');
    said.received.forEach((event) => system.downstream.reply({ status: 'processed' }, event));
    await until('its rows to be cleared', () => portal.rows().length === 0);
  });

  it('by its new address is not called there, whoever brings that address', async () => {
    const { portal } = moving;
    moving.push(1, 1);
    await delivered(moving, '1');
    portal.moveTo('moving.evil.localhost');
    // The next request hears that its token has expired, and the renewal brings the address.
    portal.expireAccessTokens();
    await stopped(moving);
    expect(moving.row()).toMatchObject({ domain: portal.domain });
    moving.push(2, 2);
    await staysQuiet(portal);
    expect(moving.delivered()).toEqual(new Set(['1']));

    // Somewhere else again, by an installation: it is refused, and changes nothing but the address.
    const before = moving.row();
    portal.moveTo('moving.worse.localhost');
    expect((await portal.install(`${system.bridge.url}/bitrix24/install`)).status).toBe(403);
    expect(moving.row()).toMatchObject({ refresh_token: before?.['refresh_token'], domain: portal.domain });
    await staysQuiet(portal);
    expect(moving.row()).toMatchObject({ state: 'not_allowed' });

    // Back where it was, it is installed as ever.
    portal.moveTo('moving.localhost');
    expect(await install(system, portal)).toBe(200);
    await delivered(moving, '2');
    expect(moving.row()).toMatchObject({ state: 'active', name: 'moving' });
  });

  it('may still say that the application was uninstalled', async () => {
    await stopped(uninstalled);
    await uninstalled.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    await until('the state', () => uninstalled.row()?.['state'] === 'uninstalled');
    expect(uninstalled.row()).toMatchObject({ refresh_token: '' });
  });

  it('is not installed by B24_REFRESH_TOKEN where only the authorization server can tell whose it is', () => {
    expect(memberNotInstalled.message['reason']).toContain(`member id ${byMember.memberId}`);
    expect(portalRow(system.bridge, byMember.memberId)).toBeUndefined();
    expect(byMember.counters.requests).toBe(0);
  });

  it('is not installed by B24_REFRESH_TOKEN, and its token is not spent', async () => {
    expect(addressNotInstalled).toMatchObject({
      level: 'error',
      message: {
        reason: expect.stringContaining('B24_ALLOWED_PORTALS'),
        advice: expect.stringContaining('restart'),
      },
    });
    // The same token does once the list allows it.
    await nameThem();
    expect(unnamed).toEqual({ asked: 0, row: undefined });
    await until('its installation', () => byAddress.lines('portal.installed').length > 0);
  });

  it('is not installed at the command line, and its code is not spent', async () => {
    const { portal } = new OwnPortal(system);
    const code = system.emulator.authority.issueCode(portal, system.emulator.clientId);
    const add = (list: string) =>
      run(system.bridge, ['portals', 'add', `http://${portal.domain}`, '--code', code], {
        B24_ALLOWED_PORTALS: list,
      });
    expect((await add('*.bitrix24.com')).stderr).toContain('B24_ALLOWED_PORTALS');
    expect((await add('*.localhost')).stdout).toContain(`is installed as ${portal.name}`);
  });
});
