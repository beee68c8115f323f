import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';

describe('an installation', () => {
  let system: TestSystem;
  let own: OwnPortal;
  let portal: EmulatedPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: { SETTLE_AFTER_MS: '600000' } });
  });
  afterAll(() => system.close());
  beforeEach(() => {
    own = new OwnPortal(system);
    ({ portal } = own);
  });
  const flows = async () => {
    const before = own.received.length;
    own.push(1, 3);
    await until('events', () => own.received.length >= before + 3);
  };

  it.each(['/bitrix24/install', '/bitrix24/events'])(
    'by ONAPPINSTALL at %s brings its events',
    async (path) => {
      expect(await install(system, portal, path)).toBe(200);
      expect(own.row()).toMatchObject({
        name: portal.name,
        domain: portal.domain,
        client_endpoint: portal.clientEndpoint,
        application_token: portal.applicationToken,
        state: 'active',
      });
      await flows();
      expect(portal.counters.tokenRequests).toBe(1);
    },
  );

  it('by the call of the initial installation path, fields at the top level, brings no application token', async () => {
    const form = new URLSearchParams({
      AUTH_ID: portal.issueAccessToken(),
      AUTH_EXPIRES: '3600',
      REFRESH_ID: portal.issueRefreshToken(),
      member_id: portal.memberId,
      status: 'L',
      PLACEMENT: 'DEFAULT',
    });
    const query = '?DOMAIN=elsewhere.example&PROTOCOL=1&LANG=en&APP_SID=0123456789abcdef0123456789abcdef';
    const { status, body } = await post(system.bridge, `/bitrix24/install${query}`, form.toString());
    expect([status, body]).toEqual([200, '{"result":true}']);
    expect(own.row()).toMatchObject({ application_token: null });
    await until('bindings', () => portal.bindings().length === 3);
    await flows();
    // The event that follows brings it.
    expect(await install(system, portal, '/bitrix24/events')).toBe(200);
    expect(own.row()).toMatchObject({
      application_token: portal.applicationToken,
    });
  });

  it('by the page of an application with an interface takes its application token as well', async () => {
    const { status } = await portal.openInterface(`${system.bridge.url}/bitrix24/install`);
    expect(status).toBe(200);
    expect(own.row()).toMatchObject({
      application_token: portal.applicationToken,
    });
    await until('bindings', () => portal.bindings().length === 3);
    await flows();
  });

  it('by a page some of whose fields stand in the address is as good', async () => {
    const query = new URLSearchParams({
      DOMAIN: portal.domain,
      member_id: portal.memberId,
      APPLICATION_TOKEN: portal.applicationToken,
    });
    const form = new URLSearchParams({ AUTH_ID: 'x', REFRESH_ID: portal.issueRefreshToken() });
    const path = `/bitrix24/install?${query.toString()}`;
    expect((await post(system.bridge, path, form.toString())).status).toBe(200);
    expect(own.row()).toMatchObject({
      application_token: portal.applicationToken,
    });
  });

  it('by such a call that has an application token takes that as well', async () => {
    const form = new URLSearchParams({
      REFRESH_ID: portal.issueRefreshToken(),
      member_id: portal.memberId,
      application_token: portal.applicationToken,
    });
    expect((await post(system.bridge, '/bitrix24/install', form.toString())).status).toBe(200);
    expect(own.row()).toMatchObject({
      application_token: portal.applicationToken,
    });
  });

  it('as JSON is as good', async () => {
    const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
    const { status } = await post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    expect(status).toBe(200);
    await until('bindings', () => portal.bindings().length === 3);
    await flows();
  });

  it('stores what the authorization server says, whatever else the body claims', async () => {
    const auth = {
      ...authOf(portal),
      domain: 'evil.example',
      client_endpoint: 'http://evil.example/rest/',
      server_endpoint: 'http://evil.example/rest/',
      access_token: 'made-up',
      refresh_token: portal.issueRefreshToken(),
    };
    const { status } = await post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    expect(status).toBe(200);
    const row = own.row();
    expect(row).toMatchObject({
      domain: portal.domain,
      client_endpoint: portal.clientEndpoint,
    });
    expect(JSON.stringify(row)).not.toMatch(/evil\.example|made-up/);
  });

  it('of a known portal replaces its tokens and application token, and keeps its name and deliveries', async () => {
    await install(system, portal);
    await flows();
    const before = own.row();
    const auth = {
      ...authOf(portal),
      application_token: 'another-application-token',
      refresh_token: portal.issueRefreshToken(),
    };
    const { status } = await post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    expect(status).toBe(200);
    const after = own.row();
    expect(after).toMatchObject({ name: portal.name, application_token: 'another-application-token' });
    expect(after?.['refresh_token']).not.toBe(before?.['refresh_token']);
    own.push(4, 6);
    await until('events after the second installation', () => own.delivered().size === 6);
    // None came twice: the held ones were known.
    expect(own.received).toHaveLength(6);
    expect(own.lines('portal.installed').map((line) => line.message['again'])).toEqual([false, true]);
  });

  it('waits for a database that is held up, since the portal grants its tokens once', async () => {
    const { default: Libsql } = await import('libsql');
    const other = new Libsql(system.bridge.databaseFile);
    other.exec('pragma busy_timeout = 5000');
    other.exec('begin immediate');
    const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
    const answer = post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    await system.bridge.logged('install.not_stored');
    other.exec('rollback');
    other.close();
    expect((await answer).status).toBe(200);
    await flowsOnceBound();
    async function flowsOnceBound() {
      await until('bindings', () => portal.bindings().length === 3);
      await flows();
    }
  });
});

describe('of another service:', () => {
  const memberId = 'c'.repeat(32);
  let system: TestSystem;
  let own: OwnPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: {
        DRAIN_INTERVAL_MS: '100',
        B24_ALLOWED_PORTALS: `acme.localhost, *.example, ${memberId}, one-after-another.localhost`,
      },
    });
  });
  afterAll(() => system.close());
  afterEach(() => own.leave());

  describe('an installation', () => {
    it('after another has the rounds of both follow each other, however fast they come', async () => {
      own = new OwnPortal(system, { name: 'one-after-another' });
      const { portal } = own;
      portal.setLimits({ serviceTimeMs: 400, ratePerSecond: 100 });
      const handle = portal.handle.bind(portal);
      let underWay = 0;
      let most = 0;
      portal.handle = async (request) => {
        // The trial of the new tokens is no round: it changes nothing, and may come at any time.
        if (request.method === 'event.offline.list') return handle(request);
        underWay += 1;
        most = Math.max(most, underWay);
        try {
          return await handle(request);
        } finally {
          underWay -= 1;
        }
      };
      await install(system, portal);
      for (let again = 0; again < 5; again += 1) {
        const { status } = await portal.install(`${system.bridge.url}/bitrix24/install`);
        expect(status).toBe(200);
      }
      await until('bindings', () => portal.bindings().length === 3);
      own.push(1, 3);
      await until('events', () => own.delivered().size === 3);
      expect(most).toBe(1);
    });
  });

  describe('B24_ALLOWED_PORTALS', () => {
    it('lets in what it names, by domain, by wildcard and by member id, and stores nothing of others', async () => {
      // The one that is allowed by its domain.
      own = new OwnPortal(system, { name: 'alpha', site: 'acme.localhost' });
      const byMember = system.emulator.addPortal({ name: 'bravo', memberId });
      const other = system.emulator.addPortal({ name: 'charlie' });
      expect(await install(system, own.portal)).toBe(200);
      expect(await install(system, byMember)).toBe(200);
      // Proven, and claims to be one of those.
      const auth = {
        ...authOf(other),
        domain: own.portal.domain,
        client_endpoint: own.portal.clientEndpoint,
        member_id: memberId,
        refresh_token: other.issueRefreshToken(),
      };
      const { status } = await post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
      expect(status).toBe(403);
      expect(await install(system, other)).toBe(403);
      expect(other.counters.tokenRequests).toBe(2);
      expect(other.counters.requests).toBe(0);
      expect(portalRow(system.bridge, other.memberId)).toBeUndefined();
      await until('their lines', () => linesOf(system.bridge, 'install.refused').length >= 2);
      const [refused] = linesOf(system.bridge, 'install.refused');
      expect(refused?.message).toMatchObject({ memberId: other.memberId, domain: other.domain });
      expect(refused?.message['reason']).toContain('B24_ALLOWED_PORTALS');
      const row = portalRow(system.bridge, memberId);
      expect(row).toMatchObject({ domain: byMember.domain, application_token: byMember.applicationToken });
    });
  });
});
