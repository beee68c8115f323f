import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';
import { Canary } from './canary.js';

describe('a forged installation', () => {
  let system: TestSystem;
  let own: OwnPortal;
  let portal: EmulatedPortal;
  let canary: Canary;
  beforeAll(async () => {
    system = await openBeforeInstall();
  });
  afterAll(() => system.close());
  beforeEach(async () => {
    canary = await Canary.open();
    own = new OwnPortal(system);
    ({ portal } = own);
  });
  afterEach(() => canary.close());
  const forged = (auth: Record<string, string>) =>
    post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });

  it('that points at a server of its sender never has it called', async () => {
    const auth = {
      domain: canary.host,
      client_endpoint: `${canary.url}/rest/`,
      server_endpoint: `${canary.url}/rest/`,
      member_id: 'e'.repeat(32),
      application_token: 'a'.repeat(32),
      access_token: 'b'.repeat(70),
      refresh_token: 'c'.repeat(70),
    };
    expect((await forged(auth)).status).toBe(403);
    // The same with the fields of the other form, in the query string and as headers.
    const query = new URLSearchParams({
      DOMAIN: canary.host,
      server_endpoint: canary.url,
      B24_OAUTH_URL: canary.url,
    });
    const form = new URLSearchParams({
      REFRESH_ID: 'd'.repeat(70),
      member_id: 'e'.repeat(32),
      SERVER_ENDPOINT: canary.url,
    });
    const headers = { 'x-forwarded-host': canary.host, referer: canary.url, origin: canary.url };
    const second = await post(system.bridge, `/bitrix24/install?${query.toString()}`, form.toString(), {
      headers,
    });
    expect(second.status).toBe(403);
    expect(portalRow(system.bridge, 'e'.repeat(32))).toBeUndefined();
    expect(canary.calls).toEqual([]);
    const refusals = () =>
      linesOf(system.bridge, 'install.refused').filter(
        ({ message }) => message['claimed'] === 'e'.repeat(32),
      );
    await until('their lines', () => refusals().length >= 2);
    const refused = refusals();
    expect(refused).toHaveLength(2);
    expect(refused[0]?.message).toMatchObject({ claimed: 'e'.repeat(32), from: '127.0.0.1' });
  });

  it('with a genuine token, that points at a server of its sender, has only the configured one asked', async () => {
    const auth = {
      ...authOf(portal),
      refresh_token: portal.issueRefreshToken(),
      server_endpoint: `${canary.url}/rest/`,
      client_endpoint: `${canary.url}/rest/`,
      domain: canary.host,
    };
    const main = system.emulator.authorizationServer();
    const askedBefore = main.asked.length;
    expect((await forged(auth)).status).toBe(200);
    expect(canary.calls).toEqual([]);
    expect(main.asked).toHaveLength(askedBefore + 1);
    const row = own.row();
    expect(row).toMatchObject({
      domain: portal.domain,
      authorization_server: new URL(main.url).host,
    });
    // Nor does a notification, with the right application token, lead anywhere else.
    const told = {
      event: 'ONOFFLINEEVENT',
      auth: { ...authOf(portal), server_endpoint: `${canary.url}/rest/` },
    };
    expect((await post(system.bridge, '/bitrix24/events', told)).status).toBe(200);
    await until('bindings', () => portal.bindings().length >= 3);
    portal.expireAccessTokens();
    own.push(1, 1);
    await until('an event with renewed tokens', () => own.delivered().has('1'));
    expect(canary.calls).toEqual([]);
    expect(own.row()?.['authorization_server']).toBe(row?.['authorization_server']);
  });

  it('that replays a genuine one is refused, and costs the authorization server one request', async () => {
    const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
    expect((await forged(auth)).status).toBe(200);
    const before = own.row();
    let asked = 0;
    const exchange = system.emulator.authority.exchange.bind(system.emulator.authority);
    system.emulator.authority.exchange = (query) => {
      asked += 1;
      return exchange(query);
    };
    const replays = await Promise.all(
      Array.from({ length: 10 }, () => forged({ ...auth, application_token: 'the-attackers' })),
    );
    replays.push(await forged(auth));
    expect(replays.map(({ status }) => status)).toEqual(replays.map(() => 403));
    expect(asked).toBe(1);
    expect(own.row()).toMatchObject({
      refresh_token: before?.['refresh_token'],
      application_token: portal.applicationToken,
    });
  });

  it('sent twice at once by the portal itself is one installation', async () => {
    const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
    // Both are there before the authorization server has answered for the first.
    system.emulator.faults.inject({ method: 'oauth', kind: 'delay', ms: 1000 });
    const both = await Promise.all([forged(auth), forged(auth)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(portal.counters.tokenRequests).toBe(1);
  });

  it('in the name of another portal gains nothing there, and cannot plant an application token', async () => {
    await install(system, portal);
    const mine = system.emulator.addPortal({ name: `mallory-${portal.name}` });
    // Genuine tokens of the attacker's own portal, and the victim's name.
    const auth = {
      ...authOf(portal),
      application_token: 'the-attackers',
      refresh_token: mine.issueRefreshToken(),
    };
    const before = own.row();
    expect((await forged(auth)).status).toBe(200);
    // What was proven is what was stored: the attacker's own portal, without an application token.
    expect(portalRow(system.bridge, mine.memberId)).toMatchObject({
      domain: mine.domain,
      application_token: null,
    });
    expect(own.row()).toMatchObject({
      domain: portal.domain,
      refresh_token: before?.['refresh_token'],
      application_token: portal.applicationToken,
    });
    for (const member of [portal.memberId, mine.memberId]) {
      const answer = await post(system.bridge, '/bitrix24/events', {
        event: 'ONAPPUNINSTALL',
        auth: { member_id: member, application_token: 'the-attackers' },
      });
      expect(answer.status).toBe(403);
    }
    own.push(1, 2);
    await until("the victim's events", () => own.delivered().size === 2);
    expect(portal.counters.requests).toBeGreaterThan(0);
  });

  it.each(['"', 'e', 'notification.refused', 'a member id'])(
    'of its own portal cannot blind the log by its application token (%s)',
    async (chosen) => {
      await install(system, portal);
      const mine = system.emulator.addPortal({ name: `mallory-${portal.name}` });
      const auth = {
        ...authOf(mine),
        application_token: chosen === 'a member id' ? portal.memberId : chosen,
        refresh_token: mine.issueRefreshToken(),
      };
      expect((await forged(auth)).status).toBe(200);
      const noise = {
        event: 'ONOFFLINEEVENT',
        auth: { ...authOf(portal), application_token: 'f'.repeat(32) },
      };
      expect((await post(system.bridge, '/bitrix24/events', noise)).status).toBe(403);
      const refusal = () =>
        linesOf(system.bridge, 'notification.refused').find(
          ({ message }) => message['claimed'] === portal.memberId,
        );
      await until('the refusal', () => refusal() !== undefined);
      expect(refusal()?.message).toMatchObject({
        claimed: portal.memberId,
        from: '127.0.0.1',
        reason: 'wrong application token',
      });
    },
  );

  it('by the keys of another application is refused', async () => {
    system.emulator.faults.inject({ method: 'oauth', kind: 'error', status: 401, error: 'invalid_client' });
    expect((await forged({ ...authOf(portal), refresh_token: 'x'.repeat(70) })).status).toBe(403);
  });

  it('and a genuine one alike are told to come again while the authorization server is out of reach', async () => {
    system.emulator.faults.inject({ method: 'oauth', kind: 'drop-before-commit', times: 1 });
    const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
    const answer = await forged(auth);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('30');
    expect(own.row()).toBeUndefined();
    expect((await forged(auth)).status).toBe(200);
  });
});
