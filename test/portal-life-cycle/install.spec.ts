import { afterEach, describe, expect, it } from '@jest/globals';
import { type Stage } from '../support/stage.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openVestibule, portalRow, post } from '../support/vestibule.js';

describe('an installation', () => {
  let stage: Stage;
  afterEach(() => stage.close());
  const flows = async () => {
    const before = stage.downstream.received.length;
    stage.push(1, 3);
    await until('events', () => stage.downstream.received.length >= before + 3);
  };

  it.each(['/bitrix24/install', '/bitrix24/events'])(
    'by ONAPPINSTALL at %s brings its events',
    async (path) => {
      stage = await openVestibule();
      expect(await install(stage, stage.portal, path)).toBe(200);
      expect(portalRow(stage.bridge, stage.portal.memberId)).toMatchObject({
        name: 'acme',
        domain: stage.portal.domain,
        client_endpoint: stage.portal.clientEndpoint,
        application_token: stage.portal.applicationToken,
        state: 'active',
      });
      await flows();
      expect(stage.portal.counters.tokenRequests).toBe(1);
    },
  );

  it('by the call of the initial installation path, fields at the top level, brings no application token', async () => {
    stage = await openVestibule();
    const form = new URLSearchParams({
      AUTH_ID: stage.portal.issueAccessToken(),
      AUTH_EXPIRES: '3600',
      REFRESH_ID: stage.portal.issueRefreshToken(),
      member_id: stage.portal.memberId,
      status: 'L',
      PLACEMENT: 'DEFAULT',
    });
    const query = '?DOMAIN=elsewhere.example&PROTOCOL=1&LANG=en&APP_SID=0123456789abcdef0123456789abcdef';
    const { status, body } = await post(stage.bridge, `/bitrix24/install${query}`, form.toString());
    expect([status, body]).toEqual([200, '{"result":true}']);
    expect(portalRow(stage.bridge, stage.portal.memberId)).toMatchObject({ application_token: null });
    await until('bindings', () => stage.portal.bindings().length === 3);
    await flows();
    // The event that follows brings it.
    expect(await install(stage, stage.portal, '/bitrix24/events')).toBe(200);
    expect(portalRow(stage.bridge, stage.portal.memberId)).toMatchObject({
      application_token: stage.portal.applicationToken,
    });
  });

  it('by such a call that has an application token takes that as well', async () => {
    stage = await openVestibule();
    const form = new URLSearchParams({
      REFRESH_ID: stage.portal.issueRefreshToken(),
      member_id: stage.portal.memberId,
      application_token: stage.portal.applicationToken,
    });
    expect((await post(stage.bridge, '/bitrix24/install', form.toString())).status).toBe(200);
    expect(portalRow(stage.bridge, stage.portal.memberId)).toMatchObject({
      application_token: stage.portal.applicationToken,
    });
  });

  it('as JSON is as good', async () => {
    stage = await openVestibule();
    const auth = { ...authOf(stage.portal), refresh_token: stage.portal.issueRefreshToken() };
    const { status } = await post(stage.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    expect(status).toBe(200);
    await until('bindings', () => stage.portal.bindings().length === 3);
    await flows();
  });

  it('stores what the authorization server says, whatever else the body claims', async () => {
    stage = await openVestibule();
    const auth = {
      ...authOf(stage.portal),
      domain: 'evil.example',
      client_endpoint: 'http://evil.example/rest/',
      server_endpoint: 'http://evil.example/rest/',
      access_token: 'made-up',
      refresh_token: stage.portal.issueRefreshToken(),
    };
    const { status } = await post(stage.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    expect(status).toBe(200);
    const row = portalRow(stage.bridge, stage.portal.memberId);
    expect(row).toMatchObject({ domain: stage.portal.domain, client_endpoint: stage.portal.clientEndpoint });
    expect(JSON.stringify(row)).not.toMatch(/evil\.example|made-up/);
  });

  it('of a known portal replaces its tokens and application token, and keeps its name and deliveries', async () => {
    stage = await openVestibule({ settings: { SETTLE_AFTER_MS: '600000' } });
    await install(stage);
    await flows();
    const before = portalRow(stage.bridge, stage.portal.memberId);
    const auth = {
      ...authOf(stage.portal),
      application_token: 'another-application-token',
      refresh_token: stage.portal.issueRefreshToken(),
    };
    const { status } = await post(stage.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    expect(status).toBe(200);
    const after = portalRow(stage.bridge, stage.portal.memberId);
    expect(after).toMatchObject({ name: 'acme', application_token: 'another-application-token' });
    expect(after?.['refresh_token']).not.toBe(before?.['refresh_token']);
    stage.push(4, 6);
    await until('events after the second installation', () => stage.delivered().size === 6);
    // None came twice: the held ones were known.
    expect(stage.downstream.received).toHaveLength(6);
    expect(linesOf(stage.bridge, 'portal.installed').map((line) => line.message['again'])).toEqual([
      false,
      true,
    ]);
  });

  it('after another has the rounds of both follow each other, however fast they come', async () => {
    stage = await openVestibule({ settings: { DRAIN_INTERVAL_MS: '100' } });
    const { portal } = stage;
    portal.setLimits({ serviceTimeMs: 400, ratePerSecond: 100 });
    const handle = portal.handle.bind(portal);
    let underWay = 0;
    let most = 0;
    portal.handle = async (request) => {
      underWay += 1;
      most = Math.max(most, underWay);
      try {
        return await handle(request);
      } finally {
        underWay -= 1;
      }
    };
    await install(stage);
    for (let again = 0; again < 5; again += 1) {
      const { status } = await portal.install(`${stage.bridge.url}/bitrix24/install`);
      expect(status).toBe(200);
    }
    await until('bindings', () => portal.bindings().length === 3);
    await flows();
    expect(most).toBe(1);
  });

  it('waits for a database that is held up, since the portal grants its tokens once', async () => {
    stage = await openVestibule();
    const { default: Libsql } = await import('libsql');
    const other = new Libsql(stage.bridge.databaseFile);
    other.exec('pragma busy_timeout = 5000');
    other.exec('begin immediate');
    const auth = { ...authOf(stage.portal), refresh_token: stage.portal.issueRefreshToken() };
    const answer = post(stage.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    await stage.bridge.logged('install.not_stored');
    other.exec('rollback');
    other.close();
    expect((await answer).status).toBe(200);
    await flowsOnceBound();
    async function flowsOnceBound() {
      await until('bindings', () => stage.portal.bindings().length === 3);
      await flows();
    }
  });
});

describe('B24_ALLOWED_PORTALS', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('lets in what it names, by domain, by wildcard and by member id, and stores nothing of others', async () => {
    const memberId = 'c'.repeat(32);
    stage = await openVestibule({
      settings: { B24_ALLOWED_PORTALS: `acme.localhost, *.example, ${memberId}` },
    });
    const byMember = stage.emulator.addPortal({ name: 'bravo', memberId });
    const other = stage.emulator.addPortal({ name: 'charlie' });
    expect(await install(stage)).toBe(200);
    expect(await install(stage, byMember)).toBe(200);
    // Proven, and claims to be one of those.
    const auth = {
      ...authOf(other),
      domain: stage.portal.domain,
      client_endpoint: stage.portal.clientEndpoint,
      member_id: memberId,
      refresh_token: other.issueRefreshToken(),
    };
    const { status } = await post(stage.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth });
    expect(status).toBe(403);
    expect(await install(stage, other)).toBe(403);
    expect(other.counters.tokenRequests).toBe(2);
    expect(other.counters.requests).toBe(0);
    expect(portalRow(stage.bridge, other.memberId)).toBeUndefined();
    await until('their lines', () => linesOf(stage.bridge, 'install.refused').length >= 2);
    const [refused] = linesOf(stage.bridge, 'install.refused');
    expect(refused?.message).toMatchObject({ memberId: other.memberId, domain: other.domain });
    expect(refused?.message['reason']).toContain('B24_ALLOWED_PORTALS');
    const row = portalRow(stage.bridge, memberId);
    expect(row).toMatchObject({ domain: byMember.domain, application_token: byMember.applicationToken });
  });
});
