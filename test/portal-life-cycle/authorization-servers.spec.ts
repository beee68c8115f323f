import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { type EmulatedPortal } from '../../emulator/index.js';
import { run, json } from '../cli/in-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, portalRow, post } from '../support/before-install.js';

/** One bridge, two authorization servers, and in each test a portal of either. */
describe('two authorization servers in one bridge', () => {
  let system: TestSystem;
  let western: OwnPortal;
  let eastern: OwnPortal;
  /** Of the first portal, when it was installed. */
  let first: { readonly asks: number[]; readonly stored: unknown };
  let askedBefore: number[] = [0, 0];
  beforeAll(async () => {
    system = await TestSystem.open({
      emulator: { authorizationServers: ['eastern'] },
      portal: { authorizationServer: 'eastern' },
      settings: { DASHBOARD_PASSWORD: 'at-least-12-characters' },
    });
    first = { asks: asks(), stored: stored(system.portal) };
  });
  afterAll(() => system.close());
  beforeEach(() => {
    western = new OwnPortal(system);
    eastern = new OwnPortal(system, { authorizationServer: 'eastern' });
    askedBefore = allAsks();
  });
  afterEach(async () => {
    await western.leave();
    await eastern.leave();
  });

  const server = (name?: string) => system.emulator.authorizationServer(name);
  const hostOf = (name?: string) => new URL(server(name).url).host;
  const allAsks = () => [server().asked.length, server('eastern').asked.length];
  /** How often each was asked in this test. */
  const asks = () => allAsks().map((count, index) => count - (askedBefore[index] ?? 0));
  const stored = (portal: EmulatedPortal) =>
    portalRow(system.bridge, portal.memberId)?.['authorization_server'];
  const installUntold = (portal: EmulatedPortal) => {
    const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
    return post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
  };
  const change = async (own: OwnPortal, id: number) => {
    own.push(id, id, 'ONCRMDEALADD');
    await until(`event ${id}`, () => own.delivered().has(String(id)));
  };

  it('are each asked about their own portals alone, at the installation and ever after', async () => {
    const installedBefore = linesOf(system.bridge, 'portal.installed').length;
    await install(system, western.portal);
    expect(asks()).toEqual([1, 0]);
    await install(system, eastern.portal);
    expect(asks()).toEqual([1, 1]);
    expect([stored(western.portal), stored(eastern.portal)]).toEqual([hostOf(), hostOf('eastern')]);
    const installed = linesOf(system.bridge, 'portal.installed').slice(installedBefore);
    expect(installed.map(({ message }) => message['server'])).toEqual([hostOf(), hostOf('eastern')]);

    // Renewed, and renewed again after a restart.
    for (const [id, own] of [[1, western] as const, [2, eastern] as const]) {
      own.portal.expireAccessTokens();
      await change(own, id);
    }
    expect(asks()).toEqual([2, 2]);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.start();
    eastern.portal.expireAccessTokens();
    await change(eastern, 3);
    expect(asks()).toEqual([2, 3]);
    // No secret ever stood in an address.
    for (const name of [undefined, 'eastern']) {
      expect(
        server(name).asked.every(({ verb, secretInAddress }) => verb === 'POST' && !secretInAddress),
      ).toBe(true);
    }
  });

  it('are tried one after the other where nothing tells, and only after a definite refusal', async () => {
    server().faults.inject({ method: 'oauth', kind: 'error', status: 503, error: 'INTERNAL_SERVER_ERROR' });
    expect((await installUntold(eastern.portal)).status).toBe(503);
    server().faults.inject({ method: 'oauth', kind: 'drop-before-commit' });
    expect((await installUntold(eastern.portal)).status).toBe(503);
    expect(asks()).toEqual([2, 0]);
    expect((await installUntold(eastern.portal)).status).toBe(200);
    expect(asks()).toEqual([3, 1]);
    expect(stored(eastern.portal)).toBe(hostOf('eastern'));
    // Refused by both: the log names both.
    const refusals = () => linesOf(system.bridge, 'install.refused');
    const refusedBefore = refusals().length;
    const forged = {
      event: 'ONAPPINSTALL',
      auth: { ...authOf(eastern.portal), refresh_token: 'x'.repeat(70) },
    };
    expect((await post(system.bridge, '/bitrix24/install', forged)).status).toBe(403);
    await until('its line', () => refusals().length > refusedBefore);
    const reason = String(refusals()[refusedBefore]?.message['reason']);
    expect(reason).toContain(hostOf());
    expect(reason).toContain(hostOf('eastern'));
  });

  it('are learnt of portals that were there before, by a notification or the next renewal', async () => {
    const notified = new OwnPortal(system, { authorizationServer: 'eastern' });
    const portals = [western, eastern, notified];
    for (const { portal } of portals) await install(system, portal);
    expect(asks()).toEqual([1, 2]);
    expect(await system.bridge.stop()).toBe(0);
    const file = new Libsql(system.bridge.databaseFile);
    const forget = file.prepare('update portals set authorization_server = null where member_id = ?');
    for (const { portal } of portals) forget.run(portal.memberId);
    file.close();
    system.bridge.start();
    await system.ready();
    eastern.portal.expireAccessTokens();
    await change(eastern, 1);
    expect(stored(eastern.portal)).toBe(hostOf('eastern'));
    // Nothing had told: the first one was asked, and refused.
    expect(asks()).toEqual([2, 3]);

    expect(stored(notified.portal)).toBeNull();
    const told = {
      event: 'ONOFFLINEEVENT',
      auth: { ...authOf(notified.portal), server_endpoint: `${server('eastern').url}/rest/` },
    };
    expect((await post(system.bridge, '/bitrix24/events', told)).status).toBe(200);
    expect(stored(notified.portal)).toBe(hostOf('eastern'));
    await until('its line', () => notified.lines('portal.authorization_server').length > 0);
    notified.portal.expireAccessTokens();
    await change(notified, 1);
    expect(asks()).toEqual([2, 4]);
    await notified.leave();
  });

  it('of which a portal tells the wrong one: its tokens are good all the same, and the right one is learnt', async () => {
    await install(system, eastern.portal);
    const told = {
      event: 'ONOFFLINEEVENT',
      auth: { ...authOf(eastern.portal), server_endpoint: `${server().url}/rest/` },
    };
    expect((await post(system.bridge, '/bitrix24/events', told)).status).toBe(200);
    expect(stored(eastern.portal)).toBe(hostOf());
    eastern.portal.expireAccessTokens();
    await change(eastern, 1);
    expect(stored(eastern.portal)).toBe(hostOf('eastern'));
    expect(asks()).toEqual([1, 2]);
    // Refused by both: only then nothing but a new installation helps.
    eastern.portal.revoke();
    await until('the state', () => eastern.state === 'unauthorized');
    const reason = String(eastern.row()?.['state_reason']);
    expect(reason).toContain(`at ${hostOf('eastern')}`);
    expect(reason).toContain(`at ${hostOf()}`);
  });

  it('serve a first portal by B24_REFRESH_TOKEN, and one that is added by a code; commands name them', async () => {
    expect(first).toEqual({ asks: [1, 1], stored: hostOf('eastern') });
    const { portal: other } = eastern;
    const code = server('eastern').authority.issueCode(other, system.emulator.clientId);
    const add = await run(system.bridge, ['portals', 'add', `http://${other.domain}`, '--code', code]);
    expect(add).toMatchObject({ exitCode: 0 });
    expect(add.stdout).toContain(hostOf('eastern'));
    expect(stored(other)).toBe(hostOf('eastern'));

    const check = await run(system.bridge, ['portals', 'check', other.name]);
    expect(check.stdout).toContain(`authorization server ${hostOf('eastern')}`);
    const { portals } = await json<{ portals: { memberId: string; authorizationServer: string }[] }>(
      system.bridge,
      ['portals', 'list'],
    );
    for (const { memberId } of [system.portal, other]) {
      expect(portals).toContainEqual(
        expect.objectContaining({ memberId, authorizationServer: hostOf('eastern') }),
      );
    }
    const oauth = async () => {
      const { stdout } = await run(system.bridge, ['doctor']);
      return stdout.split('\n').filter((line) => /^\S+ +oauth /.test(line));
    };
    expect(await oauth()).toEqual([
      expect.stringMatching(new RegExp(`^ok +oauth +${hostOf()} answers`)),
      expect.stringMatching(new RegExp(`^ok +oauth +${hostOf('eastern')} answers`)),
    ]);
    // An application that is registered at one of them only is none that is set up wrongly.
    server().authority.knowsApplication = false;
    server('eastern').faults.inject({ method: 'oauth', kind: 'error', status: 502 });
    expect(await oauth()).toEqual([
      expect.stringMatching(/^wrong +oauth .*Check B24_CLIENT_ID/),
      expect.stringMatching(new RegExp(`^wrong +oauth +${hostOf('eastern')} gives no usable answer`)),
    ]);
    expect(await oauth()).toEqual([
      expect.stringMatching(new RegExp(`^note +oauth +${hostOf()} does not know the application`)),
      expect.stringMatching(/^ok +oauth /),
    ]);
    server().authority.knowsApplication = true;
    // A code brings no application token, without which nobody can tell of its uninstallation.
    await install(system, other);
  }, 180_000);

  // The last one: the service goes on with one server.
  it('of which one is no longer configured: its portals are untold, and it is never asked', async () => {
    await install(system, eastern.portal);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.settings['B24_OAUTH_URL'] = server().url;
    system.bridge.start();
    eastern.portal.expireAccessTokens();
    await until('the state', () => eastern.state === 'unauthorized');
    expect(asks()).toEqual([1, 1]);
    expect(String(eastern.row()?.['state_reason'])).toContain(hostOf());
  });
});
