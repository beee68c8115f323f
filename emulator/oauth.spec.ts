import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { PortalCaller } from './fixtures/portal-caller.js';
import { TestClock } from './fixtures/test-clock.js';

type Body = Record<string, unknown>;

describe('authorization', () => {
  let clock: TestClock;
  let emulator: Emulator;
  let portal: EmulatedPortal;

  beforeEach(async () => {
    clock = new TestClock();
    emulator = await startEmulator({ now: clock.now, clientId: 'app.1', clientSecret: 'secret' });
    portal = emulator.addPortal({ name: 'acme', memberId: 'm1', redirectUrl: 'http://app.example/done?x=1' });
  });

  afterEach(() => emulator.close());

  async function token(fields: Record<string, string>): Promise<{ status: number; body: Body }> {
    const query = new URLSearchParams({ client_id: 'app.1', client_secret: 'secret', ...fields });
    const response = await fetch(`${emulator.url}/oauth/token/?${query.toString()}`);
    return { status: response.status, body: (await response.json()) as Body };
  }

  const refresh = (refreshToken: string, more: Record<string, string> = {}) =>
    token({ grant_type: 'refresh_token', refresh_token: refreshToken, ...more });

  const authorize = (query = 'client_id=app.1&state=s1') =>
    fetch(`${emulator.url}/acme/oauth/authorize/?${query.toString()}`, { redirect: 'manual' });

  it('exchanges a refresh token once and hands out the next one', async () => {
    const first = portal.issueRefreshToken();
    const { status, body } = await refresh(first);
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.any(String) as unknown,
      refresh_token: expect.any(String) as unknown,
      expires: Math.floor(clock.now() / 1000) + 3600,
      expires_in: 3600,
      client_endpoint: `http://acme.localhost:${emulator.port}/rest/`,
      server_endpoint: `${emulator.url}/rest/`,
      member_id: 'm1',
      scope: 'crm',
      status: 'L',
      user_id: 1,
      domain: `127.0.0.1:${emulator.port}`,
    });
    expect(await refresh(first)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await refresh(String(body['refresh_token']))).status).toBe(200);
    expect(portal.counters.tokenRequests).toBe(2);

    const rest = new PortalCaller(emulator, portal);
    rest.use(String(body['access_token']));
    expect((await rest.call('event.get')).status).toBe(200);
  });

  it('forgets a refresh token after 180 days', async () => {
    const old = portal.issueRefreshToken();
    clock.forward(180 * 24 * 3600);
    expect((await refresh(old)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('refuses wrong keys, wrong requests and wrong scopes without spending the token', async () => {
    const good = portal.issueRefreshToken();
    expect(await refresh(good, { client_secret: 'x' })).toMatchObject({ body: { error: 'invalid_client' } });
    expect(await refresh(good, { client_id: 'x' })).toMatchObject({ body: { error: 'invalid_client' } });
    expect(await refresh(good, { scope: 'crm,disk' })).toMatchObject({ body: { error: 'invalid_scope' } });
    expect(await token({ grant_type: 'password' })).toMatchObject({ body: { error: 'invalid_request' } });
    portal.setState('payment-required');
    expect(await refresh(good)).toMatchObject({ body: { error: 'PAYMENT_REQUIRED' } });
    portal.setState('active');
    expect((await refresh(good)).status).toBe(200);
  });

  it('expires access tokens, and revokes all of them', async () => {
    const rest = new PortalCaller(emulator, portal);
    const refreshToken = portal.issueRefreshToken();
    clock.forward(3599);
    expect((await rest.call('event.get')).status).toBe(200);
    clock.forward(1);
    expect(await rest.call('event.get')).toMatchObject({ status: 401, error: 'expired_token' });
    rest.use(portal.issueAccessToken());
    portal.expireAccessTokens();
    expect(await rest.call('event.get')).toMatchObject({ status: 401, error: 'expired_token' });
    portal.revoke();
    expect(await rest.call('event.get')).toMatchObject({ status: 401, error: 'invalid_token' });
    expect((await refresh(refreshToken)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('does not take one portal’s token on another', async () => {
    const other = emulator.addPortal({ name: 'globex' });
    const rest = new PortalCaller(emulator, portal);
    rest.use(other.issueAccessToken());
    expect(await rest.call('event.get')).toMatchObject({ status: 401, error: 'invalid_token' });
    rest.use('');
    expect(await rest.call('event.get')).toMatchObject({ status: 401, error: 'NO_AUTH_FOUND' });
  });

  it('redirects a browser to the application with a code that works once within thirty seconds', async () => {
    const response = await authorize();
    expect(response.status).toBe(302);
    const location = new URL(response.headers.get('location') ?? '');
    const { code = '', ...fields } = Object.fromEntries(location.searchParams);
    expect(location.host).toBe('app.example');
    expect(fields).toEqual({
      x: '1',
      state: 's1',
      domain: `acme.localhost:${emulator.port}`,
      member_id: 'm1',
      scope: 'crm',
      server_domain: `127.0.0.1:${emulator.port}`,
    });
    const grant = { grant_type: 'authorization_code', code };
    expect((await token(grant)).body).toMatchObject({ member_id: 'm1' });
    expect((await token(grant)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('answers JSON where that is asked for, to its own application only', async () => {
    const url = `${emulator.url}/acme/oauth/authorize/?client_id=app.1&state=s`;
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    const { code } = (await response.json()) as { code: string };
    clock.forward(30);
    expect((await token({ grant_type: 'authorization_code', code })).body).toMatchObject({
      error: 'invalid_grant',
    });
    expect((await authorize('client_id=other')).status).toBe(401);
  });

  it('selects the portal by the Host header too', async () => {
    const accessToken = portal.issueAccessToken();
    const body = await new Promise<string>((resolve, reject) => {
      const headers = { host: `acme.localhost:${emulator.port}` };
      const path = `/rest/feature.get.json?CODE=rest_offline_extended&auth=${accessToken}`;
      request({ port: emulator.port, host: '127.0.0.1', path, headers, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(body)).toMatchObject({ result: { value: 'Y' } });
  });

  it('points client_endpoint at the path, or at a proxy, where told to', async () => {
    const byPath = await startEmulator({ endpointStyle: 'path' });
    const proxied = await startEmulator({ endpointStyle: 'path', publicUrl: 'http://127.0.0.1:9999/' });
    try {
      const one = byPath.addPortal({ name: 'acme' });
      expect(one.clientEndpoint).toBe(`http://127.0.0.1:${byPath.port}/acme/rest/`);
      expect(one.domain).toBe(`127.0.0.1:${byPath.port}`);
      expect(proxied.addPortal({ name: 'acme' }).clientEndpoint).toBe('http://127.0.0.1:9999/acme/rest/');
    } finally {
      await byPath.close();
      await proxied.close();
    }
  });
});
