import { afterEach, describe, expect, it } from '@jest/globals';
import { json, run } from '../cli/in-process.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';

/** Long enough for several rounds of a portal that is called. */
const QUIET_MS = 1500;

describe('a portal that B24_ALLOWED_PORTALS does not name', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const row = (memberId = system.portal.memberId) => portalRow(system.bridge, memberId);
  const asked = () => system.portal.counters.requests + system.portal.counters.tokenRequests;
  const staysQuiet = async () => {
    const before = asked();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    expect(asked()).toBe(before);
  };
  const restart = async (list: string) => {
    await system.bridge.stop();
    system.bridge.settings['B24_ALLOWED_PORTALS'] = list;
    system.bridge.start();
    await system.bridge.logged('http.listening');
  };
  const stopped = () => until('the state', () => row()?.['state'] === 'not_allowed');
  const delivered = (id: string) => until(`event ${id}`, () => system.delivered().has(id));

  it('is not installed by B24_REFRESH_TOKEN, and its token is not spent', async () => {
    system = await TestSystem.prepare({ settings: { B24_ALLOWED_PORTALS: '*.bitrix24.com' } });
    system.bridge.start();
    const said = await system.bridge.logged('portal.not_installed');
    expect(said).toMatchObject({
      level: 'error',
      message: {
        reason: expect.stringContaining('B24_ALLOWED_PORTALS'),
        advice: expect.stringContaining('restart'),
      },
    });
    await staysQuiet();
    expect(asked()).toBe(0);
    expect(row()).toBeUndefined();
    // The same token does once the list allows it.
    await restart('*.localhost');
    await system.bridge.logged('portal.installed');
  });

  it('is not installed by B24_REFRESH_TOKEN where only the authorization server can tell whose it is', async () => {
    system = await TestSystem.prepare({ settings: { B24_ALLOWED_PORTALS: 'f'.repeat(32) } });
    system.bridge.start();
    const said = await system.bridge.logged('portal.not_installed');
    expect(said.message['reason']).toContain(`member id ${system.portal.memberId}`);
    expect(row()).toBeUndefined();
    expect(system.portal.counters.requests).toBe(0);
  });

  it('any more is not called and not renewed, says so everywhere, loses nothing, and comes back with the list', async () => {
    system = await openBeforeInstall({
      settings: { DASHBOARD_PASSWORD: 'correct horse battery', SETTLE_AFTER_MS: '600000' },
    });
    await install(system);
    system.push(1, 3);
    await until('events', () => system.delivered().size === 3);
    expect(system.portal.rows()).toHaveLength(3);

    await restart('*.bitrix24.com');
    await stopped();
    // One request may have been on its way when it was stopped; from now on there is none.
    system.portal.expireAccessTokens();
    system.push(4, 6);
    const notice = { event: 'ONOFFLINEEVENT', auth: authOf(system.portal) };
    expect((await post(system.bridge, '/bitrix24/events', notice)).status).toBe(403);
    await staysQuiet();
    // What is in hand is heard of and kept, here and there.
    system.downstream.reply({ status: 'processed' }, system.downstream.received[0]);
    await until('the outcome', async () => {
      const { counts } = await json<{ counts: Record<string, number> }>(system.bridge, [
        'events',
        'list',
        '--state',
        'published,processed',
      ]);
      return counts['processed'] === 1 && counts['published'] === 2;
    });
    expect(system.portal.rows()).toHaveLength(6);
    expect(system.delivered().size).toBe(3);

    const reason = /acme\.localhost:\d+ \(member id [0-9a-f]{32}\) is not among B24_ALLOWED_PORTALS/;
    await until('the log line', () => linesOf(system.bridge, 'portal.state').length > 0);
    expect(linesOf(system.bridge, 'portal.state').map(({ message }) => message)).toMatchObject([
      { portal: 'acme', state: 'not_allowed', reason: expect.stringMatching(reason) },
    ]);
    expect((await system.get('/metrics')).body).toContain(
      'bridge_portal_state{portal="acme",state="not_allowed"} 1',
    );
    const list = { B24_ALLOWED_PORTALS: '*.bitrix24.com' };
    expect((await run(system.bridge, ['portals', 'list'], list)).stdout).toMatch(
      new RegExp(`^acme .* not_allowed .*${reason.source}`, 'm'),
    );
    for (const command of [['portals', 'check', 'acme'], ['doctor']]) {
      const { stdout, exitCode } = await run(system.bridge, command, list);
      expect([exitCode, stdout]).toEqual([1, expect.stringMatching(reason)]);
    }
    await staysQuiet();

    await restart('*.localhost');
    await delivered('6');
    await until('the state', () => row()?.['state'] === 'active');
    system.downstream.received.forEach((event) => system.downstream.reply({ status: 'processed' }, event));
    await until('its rows to be cleared', () => system.portal.rows().length === 0);
  });

  it('by its new address is not called there, whoever brings that address', async () => {
    system = await openBeforeInstall({
      settings: { B24_ALLOWED_PORTALS: 'acme.localhost', PORTAL_RECHECK_MS: '1000' },
    });
    await install(system);
    system.push(1, 1);
    await delivered('1');
    system.portal.moveTo('acme.evil.localhost');
    // The next request hears that its token has expired, and the renewal brings the address.
    system.portal.expireAccessTokens();
    await stopped();
    expect(row()).toMatchObject({ domain: system.portal.domain });
    system.push(2, 2);
    await staysQuiet();
    expect(system.delivered()).toEqual(new Set(['1']));

    // Somewhere else again, by an installation: it is refused, and changes nothing but the address.
    const before = row();
    system.portal.moveTo('acme.worse.localhost');
    expect((await system.portal.install(`${system.bridge.url}/bitrix24/install`)).status).toBe(403);
    expect(row()).toMatchObject({ refresh_token: before?.['refresh_token'], domain: system.portal.domain });
    await staysQuiet();
    expect(row()).toMatchObject({ state: 'not_allowed' });

    // Back where it was, it is installed as ever.
    system.portal.moveTo('acme.localhost');
    expect(await install(system)).toBe(200);
    await delivered('2');
    expect(row()).toMatchObject({ state: 'active', name: 'acme' });
  });

  it('may still say that the application was uninstalled', async () => {
    system = await openBeforeInstall();
    await install(system);
    await restart('*.bitrix24.com');
    await stopped();
    await system.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    await until('the state', () => row()?.['state'] === 'uninstalled');
    expect(row()).toMatchObject({ refresh_token: '' });
  });

  it('is not installed at the command line, and its code is not spent', async () => {
    system = await openBeforeInstall();
    const code = system.emulator.authority.issueCode(system.portal, system.emulator.clientId);
    const add = (list: string) =>
      run(system.bridge, ['portals', 'add', `http://${system.portal.domain}`, '--code', code], {
        B24_ALLOWED_PORTALS: list,
      });
    expect((await add('*.bitrix24.com')).stderr).toContain('B24_ALLOWED_PORTALS');
    expect((await add('*.localhost')).stdout).toContain('is installed as acme');
  });
});
