import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fault } from '../../emulator/index.js';
import Libsql from 'libsql';
import { type BridgeProcess } from '../support/bridge-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, openBeforeInstall, post } from '../support/before-install.js';

const TRIAL = 'event.offline.list';
const ENCRYPTED = { TOKEN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };

describe('an installation of a portal that does not say what its tokens may do', () => {
  let system: TestSystem<BridgeProcess>;
  let own: OwnPortal;
  let database: Libsql.Database;
  let offered: Libsql.Statement;
  beforeAll(async () => {
    // Decisions take seconds, in which there is nothing to fetch.
    system = await openBeforeInstall({
      process: true,
      settings: { ...ENCRYPTED, DRAIN_INTERVAL_MS: '1000' },
    });
    database = new Libsql(system.bridge.databaseFile, { readonly: true });
    offered = database.prepare('select * from offered_tokens where member_id = ?');
  });
  afterAll(async () => {
    database.close();
    await system.close();
  });
  beforeEach(async () => {
    own = await OwnPortal.installed(system);
  });
  afterEach(() => own.leave());

  const offers = () => offered.all(own.portal.memberId) as Record<string, unknown>[];
  const send = (refreshToken: string) =>
    post(system.bridge, '/bitrix24/install', {
      event: 'ONAPPINSTALL',
      auth: { ...authOf(own.portal), application_token: 'the-next-one', refresh_token: refreshToken },
    });
  const flows = async (id: number) => {
    own.push(id, id);
    await until('an event', () => own.delivered().has(String(id)));
  };

  it.each<[string, Omit<Fault, 'method'>]>([
    ['fails inside', { kind: 'error', status: 500, error: 'INTERNAL_SERVER_ERROR' }],
    ['is asked too much', { kind: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' }],
    ['answers nobody at present', { kind: 'error', status: 503, error: 'OVERLOAD_LIMIT' }],
    ['closes the connection', { kind: 'drop-before-commit' }],
  ])(
    '%s is decided when it does, and changes nothing before',
    async (_name, fault) => {
      const before = own.row();
      const broken = own.portal.inject({ method: TRIAL, times: Infinity, ...fault });
      const refreshToken = own.portal.issueRefreshToken();
      expect((await send(refreshToken)).status).toBe(200);
      expect(own.row()).toMatchObject({
        refresh_token: before?.['refresh_token'],
        application_token: before?.['application_token'],
      });
      // What was granted once is kept, sealed.
      expect(offers()).toMatchObject([{ user_id: '1', tries: 1 }]);
      expect(String(offers()[0]?.['refresh_token'])).toMatch(/^aes256gcm:/);
      // A user without the right, meanwhile, waits beside it and is refused in the end.
      expect((await send(own.portal.issueRefreshToken(own.portal.addUser()))).status).toBe(200);
      expect(offers()).toHaveLength(2);
      broken.remove();
      await until('both decided', () => offers().length === 0, 60_000);
      expect(own.row()?.['refresh_token']).not.toBe(before?.['refresh_token']);
      expect(own.row()).toMatchObject({ state: 'active' });
      const told = { ...authOf(own.portal), application_token: 'the-next-one' };
      const answer = await post(system.bridge, '/bitrix24/events', { event: 'ONOFFLINEEVENT', auth: told });
      expect(answer.status).toBe(200);
      await flows(2);
      expect(own.lines('install.undecided').length).toBeGreaterThan(0);
    },
    120_000,
  );

  it('is decided after a kill amid the trial, and the tokens are renewed where they have expired', async () => {
    const before = own.row();
    // Later than the kill: nobody hears the answer.
    const slow = own.portal.inject({ method: TRIAL, kind: 'delay', ms: 20_000, times: Infinity });
    const answer = send(own.portal.issueRefreshToken()).catch(() => null);
    await until('the offer', () => offers().length === 1);
    await system.bridge.stop('SIGKILL');
    await answer;
    slow.remove();
    own.portal.expireAccessTokens();
    system.bridge.start();
    await until('the decision', () => offers().length === 0, 60_000);
    expect(own.row()?.['refresh_token']).not.toBe(before?.['refresh_token']);
    await flows(1);
  }, 120_000);

  it('is forgotten with the application that is uninstalled', async () => {
    const broken = own.portal.inject({ method: TRIAL, kind: 'error', status: 500, times: Infinity });
    expect((await send(own.portal.issueRefreshToken())).status).toBe(200);
    expect(offers()).toHaveLength(1);
    await own.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    await until('its end', () => own.state === 'uninstalled');
    expect(offers()).toEqual([]);
    broken.remove();
  });
});
