import { afterEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { type EmulatedPortal } from '../../emulator/index.js';
import { run, json } from '../cli/in-process.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';

/** One bridge, two authorization servers, and a portal of the second one beside the usual `acme`. */
describe('two authorization servers in one bridge', () => {
  let system: TestSystem;
  let eastern: EmulatedPortal;
  afterEach(() => system.close());

  const open = async () => {
    system = await openBeforeInstall({ emulator: { authorizationServers: ['eastern'] } });
    eastern = system.emulator.addPortal({ name: 'zavod', authorizationServer: 'eastern' });
  };
  const server = (name?: string) => system.emulator.authorizationServer(name);
  const hostOf = (name?: string) => new URL(server(name).url).host;
  /** How often each was asked. */
  const asks = () => [server().asked.length, server('eastern').asked.length];
  const stored = (portal: EmulatedPortal) =>
    portalRow(system.bridge, portal.memberId)?.['authorization_server'];
  const change = (portal: EmulatedPortal, id: string) =>
    portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: id } } });
  const installUntold = (portal: EmulatedPortal) => {
    const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
    return post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
  };

  it('are each asked about their own portals alone, at the installation and ever after', async () => {
    await open();
    await install(system);
    expect(asks()).toEqual([1, 0]);
    await install(system, eastern);
    expect(asks()).toEqual([1, 1]);
    expect([stored(system.portal), stored(eastern)]).toEqual([hostOf(), hostOf('eastern')]);
    const installed = linesOf(system.bridge, 'portal.installed').map(({ message }) => message['server']);
    expect(installed).toEqual([hostOf(), hostOf('eastern')]);

    // Renewed, and renewed again after a restart.
    for (const [id, portal] of [['1', system.portal] as const, ['2', eastern] as const]) {
      portal.expireAccessTokens();
      change(portal, id);
      await until(`event ${id}`, () => system.delivered().has(id));
    }
    expect(asks()).toEqual([2, 2]);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.start();
    eastern.expireAccessTokens();
    change(eastern, '3');
    await until('event 3', () => system.delivered().has('3'));
    expect(asks()).toEqual([2, 3]);
    // No secret ever stood in an address.
    for (const name of [undefined, 'eastern']) {
      expect(
        server(name).asked.every(({ verb, secretInAddress }) => verb === 'POST' && !secretInAddress),
      ).toBe(true);
    }
  });

  it('are tried one after the other where nothing tells, and only after a definite refusal', async () => {
    await open();
    server().faults.inject({ method: 'oauth', kind: 'error', status: 503, error: 'INTERNAL_SERVER_ERROR' });
    expect((await installUntold(eastern)).status).toBe(503);
    server().faults.inject({ method: 'oauth', kind: 'drop-before-commit' });
    expect((await installUntold(eastern)).status).toBe(503);
    expect(asks()).toEqual([2, 0]);
    expect((await installUntold(eastern)).status).toBe(200);
    expect(asks()).toEqual([3, 1]);
    expect(stored(eastern)).toBe(hostOf('eastern'));
    // Refused by both: the log names both.
    const forged = { event: 'ONAPPINSTALL', auth: { ...authOf(eastern), refresh_token: 'x'.repeat(70) } };
    expect((await post(system.bridge, '/bitrix24/install', forged)).status).toBe(403);
    await until('its line', () => linesOf(system.bridge, 'install.refused').length > 0);
    const reason = String(linesOf(system.bridge, 'install.refused')[0]?.message['reason']);
    expect(reason).toContain(hostOf());
    expect(reason).toContain(hostOf('eastern'));
  });

  it('are learnt of portals that were there before, by a notification or the next renewal', async () => {
    await open();
    await install(system);
    await install(system, eastern);
    expect(await system.bridge.stop()).toBe(0);
    const forget = () => {
      const file = new Libsql(system.bridge.databaseFile);
      file.exec('update portals set authorization_server = null');
      file.close();
    };
    forget();
    system.bridge.start();
    await system.bridge.logged('broker.up');
    eastern.expireAccessTokens();
    change(eastern, '1');
    await until('an event with renewed tokens', () => system.delivered().has('1'));
    expect(stored(eastern)).toBe(hostOf('eastern'));
    // Nothing had told: the first one was asked, and refused.
    expect(asks()).toEqual([2, 2]);

    expect(await system.bridge.stop()).toBe(0);
    forget();
    system.bridge.start();
    await until('the start', () => system.bridge.find('http.listening') !== undefined);
    await until('readiness', async () => (await system.get('/health/ready')).status === 200);
    const told = {
      event: 'ONOFFLINEEVENT',
      auth: { ...authOf(eastern), server_endpoint: `${server('eastern').url}/rest/` },
    };
    expect((await post(system.bridge, '/bitrix24/events', told)).status).toBe(200);
    expect(stored(eastern)).toBe(hostOf('eastern'));
    await until('its line', () => linesOf(system.bridge, 'portal.authorization_server').length > 0);
    eastern.expireAccessTokens();
    change(eastern, '2');
    await until('event 2', () => system.delivered().has('2'));
    expect(asks()).toEqual([2, 3]);
  });

  it('of which a portal tells the wrong one: its tokens are good all the same, and the right one is learnt', async () => {
    await open();
    await install(system, eastern);
    const told = {
      event: 'ONOFFLINEEVENT',
      auth: { ...authOf(eastern), server_endpoint: `${server().url}/rest/` },
    };
    expect((await post(system.bridge, '/bitrix24/events', told)).status).toBe(200);
    expect(stored(eastern)).toBe(hostOf());
    eastern.expireAccessTokens();
    change(eastern, '1');
    await until('event 1', () => system.delivered().has('1'));
    expect(stored(eastern)).toBe(hostOf('eastern'));
    expect(asks()).toEqual([1, 2]);
    // Refused by both: only then nothing but a new installation helps.
    eastern.revoke();
    await until('the state', () => portalRow(system.bridge, eastern.memberId)?.['state'] === 'unauthorized');
    const reason = String(portalRow(system.bridge, eastern.memberId)?.['state_reason']);
    expect(reason).toContain(`at ${hostOf('eastern')}`);
    expect(reason).toContain(`at ${hostOf()}`);
  });

  it('of which one is no longer configured: its portals are untold, and it is never asked', async () => {
    await open();
    await install(system, eastern);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.settings['B24_OAUTH_URL'] = server().url;
    system.bridge.start();
    eastern.expireAccessTokens();
    await until('the state', () => portalRow(system.bridge, eastern.memberId)?.['state'] === 'unauthorized');
    expect(asks()).toEqual([1, 1]);
    expect(String(portalRow(system.bridge, eastern.memberId)?.['state_reason'])).toContain(hostOf());
  });

  it('serve a first portal by B24_REFRESH_TOKEN, and one that is added by a code; commands name them', async () => {
    system = await TestSystem.open({
      emulator: { authorizationServers: ['eastern'] },
      portal: { authorizationServer: 'eastern' },
      settings: { DASHBOARD_PASSWORD: 'at-least-12-characters' },
    });
    expect(stored(system.portal)).toBe(hostOf('eastern'));
    expect(asks()).toEqual([1, 1]);
    const other = system.emulator.addPortal({ name: 'other', authorizationServer: 'eastern' });
    const code = server('eastern').authority.issueCode(other, system.emulator.clientId);
    const add = await run(system.bridge, ['portals', 'add', `http://${other.domain}`, '--code', code]);
    expect(add).toMatchObject({ exitCode: 0 });
    expect(add.stdout).toContain(hostOf('eastern'));
    expect(stored(other)).toBe(hostOf('eastern'));

    const check = await run(system.bridge, ['portals', 'check', 'other']);
    expect(check.stdout).toContain(`authorization server ${hostOf('eastern')}`);
    expect(await json(system.bridge, ['portals', 'list'])).toMatchObject({
      portals: [{ authorizationServer: hostOf('eastern') }, { authorizationServer: hostOf('eastern') }],
    });
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
  }, 180_000);
});
