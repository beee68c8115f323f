import { afterEach, describe, expect, it } from '@jest/globals';
import { type Fault } from '../../emulator/index.js';
import Libsql from 'libsql';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';

const TRIAL = 'event.offline.list';
const ENCRYPTED = { TOKEN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };

describe('an installation of a portal that does not say what its tokens may do', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const row = () => portalRow(system.bridge, system.portal.memberId);
  const offers = () => {
    const file = new Libsql(system.bridge.databaseFile, { readonly: true });
    try {
      return file.prepare('select * from offered_tokens').all() as Record<string, unknown>[];
    } finally {
      file.close();
    }
  };
  const send = (refreshToken: string) =>
    post(system.bridge, '/bitrix24/install', {
      event: 'ONAPPINSTALL',
      auth: { ...authOf(system.portal), application_token: 'the-next-one', refresh_token: refreshToken },
    });
  const flows = async (id: number) => {
    system.push(id, id);
    await until('an event', () => system.delivered().has(String(id)));
  };

  it.each<[string, Omit<Fault, 'method'>]>([
    ['fails inside', { kind: 'error', status: 500, error: 'INTERNAL_SERVER_ERROR' }],
    ['is asked too much', { kind: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' }],
    ['answers nobody at present', { kind: 'error', status: 503, error: 'OVERLOAD_LIMIT' }],
    ['closes the connection', { kind: 'drop-before-commit' }],
  ])(
    '%s is decided when it does, and changes nothing before',
    async (_name, fault) => {
      system = await openBeforeInstall({ settings: ENCRYPTED });
      await install(system);
      const before = row();
      const broken = system.portal.inject({ method: TRIAL, times: Infinity, ...fault });
      const refreshToken = system.portal.issueRefreshToken();
      expect((await send(refreshToken)).status).toBe(200);
      expect(row()).toMatchObject({
        refresh_token: before?.['refresh_token'],
        application_token: before?.['application_token'],
      });
      // What was granted once is kept, sealed.
      expect(offers()).toMatchObject([{ user_id: '1', tries: 1 }]);
      expect(String(offers()[0]?.['refresh_token'])).toMatch(/^aes256gcm:/);
      // A user without the right, meanwhile, waits beside it and is refused in the end.
      expect((await send(system.portal.issueRefreshToken(system.portal.addUser()))).status).toBe(200);
      expect(offers()).toHaveLength(2);
      broken.remove();
      await until('both decided', () => offers().length === 0, 60_000);
      expect(row()?.['refresh_token']).not.toBe(before?.['refresh_token']);
      expect(row()).toMatchObject({ state: 'active' });
      const told = { ...authOf(system.portal), application_token: 'the-next-one' };
      const answer = await post(system.bridge, '/bitrix24/events', { event: 'ONOFFLINEEVENT', auth: told });
      expect(answer.status).toBe(200);
      await flows(2);
      expect(linesOf(system.bridge, 'install.undecided').length).toBeGreaterThan(0);
    },
    120_000,
  );

  it('is decided after a kill amid the trial, and the tokens are renewed where they have expired', async () => {
    system = await openBeforeInstall();
    await install(system);
    const before = row();
    // Later than the kill: nobody hears the answer.
    const slow = system.portal.inject({ method: TRIAL, kind: 'delay', ms: 20_000, times: Infinity });
    const answer = send(system.portal.issueRefreshToken()).catch(() => null);
    await until('the offer', () => offers().length === 1);
    await system.bridge.stop('SIGKILL');
    await answer;
    slow.remove();
    system.portal.expireAccessTokens();
    system.bridge.start();
    await until('the decision', () => offers().length === 0, 60_000);
    expect(row()?.['refresh_token']).not.toBe(before?.['refresh_token']);
    await flows(1);
  }, 120_000);

  it('is forgotten with the application that is uninstalled', async () => {
    system = await openBeforeInstall();
    await install(system);
    const broken = system.portal.inject({ method: TRIAL, kind: 'error', status: 500, times: Infinity });
    expect((await send(system.portal.issueRefreshToken())).status).toBe(200);
    expect(offers()).toHaveLength(1);
    await system.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    await until('its end', () => row()?.['state'] === 'uninstalled');
    expect(offers()).toEqual([]);
    broken.remove();
  });
});
