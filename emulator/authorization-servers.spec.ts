import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PortalCaller } from './fixtures/portal-caller.js';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';

type Body = Record<string, unknown>;

describe('two authorization servers', () => {
  let emulator: Emulator;
  let western: EmulatedPortal;
  let eastern: EmulatedPortal;

  beforeEach(async () => {
    emulator = await startEmulator({
      authorizationServers: ['eastern'],
      clientId: 'app.1',
      clientSecret: 'secret',
    });
    western = emulator.addPortal({ name: 'acme' });
    eastern = emulator.addPortal({ name: 'zavod', authorizationServer: 'eastern' });
  });
  afterEach(() => emulator.close());

  const urlOf = (name?: string) => emulator.authorizationServer(name).url;
  async function refresh(url: string, token: string, form = true): Promise<{ status: number; body: Body }> {
    const fields = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'app.1',
      client_secret: 'secret',
      refresh_token: token,
    });
    const response = form
      ? await fetch(`${url}/oauth/token/`, { method: 'POST', body: fields })
      : await fetch(`${url}/oauth/token/?${fields.toString()}`);
    return { status: response.status, body: (await response.json()) as Body };
  }

  it('each know the tokens of their own portals, and name themselves', async () => {
    expect(urlOf('eastern')).not.toBe(urlOf());
    for (const [portal, own, other] of [
      [western, urlOf(), urlOf('eastern')],
      [eastern, urlOf('eastern'), urlOf()],
    ] as const) {
      const token = portal.issueRefreshToken();
      expect(await refresh(other, token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      expect(await refresh(own, token)).toMatchObject({
        status: 200,
        body: { member_id: portal.memberId, server_endpoint: `${own}/rest/`, domain: new URL(own).host },
      });
      expect(portal.counters.tokenRequests).toBe(1);
    }
  });

  it('take a form as well as an address, and remember which it was', async () => {
    expect((await refresh(urlOf('eastern'), eastern.issueRefreshToken(), false)).status).toBe(200);
    expect((await refresh(urlOf('eastern'), eastern.issueRefreshToken())).status).toBe(200);
    expect(emulator.authorizationServer('eastern').asked).toEqual([
      { verb: 'GET', grantType: 'refresh_token', secretInAddress: true },
      { verb: 'POST', grantType: 'refresh_token', secretInAddress: false },
    ]);
    expect(emulator.authorizationServer().asked).toEqual([]);
  });

  it('may not know the application, and fail each for itself or together', async () => {
    const server = emulator.authorizationServer('eastern');
    server.authority.knowsApplication = false;
    const token = eastern.issueRefreshToken();
    expect((await refresh(server.url, token)).body).toMatchObject({ error: 'wrong_client' });
    server.authority.knowsApplication = true;
    server.faults.inject({ method: 'oauth', kind: 'error', status: 503 });
    expect((await refresh(urlOf(), western.issueRefreshToken())).status).toBe(200);
    expect((await refresh(server.url, token)).status).toBe(503);
    emulator.faults.inject({ method: 'oauth', kind: 'error', status: 502 });
    expect((await refresh(server.url, token)).status).toBe(502);
    expect((await refresh(server.url, token)).status).toBe(200);
  });

  it('are named by the page that gives out a code, and only theirs exchanges it', async () => {
    const page = `${emulator.url}/zavod/oauth/authorize/?client_id=app.1`;
    const fields = (await (await fetch(page, { headers: { accept: 'application/json' } })).json()) as Body;
    expect(fields['server_domain']).toBe(new URL(urlOf('eastern')).host);
    const exchange = async (url: string) =>
      (
        await fetch(`${url}/oauth/token/`, {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'authorization_code',
            client_id: 'app.1',
            client_secret: 'secret',
            code: String(fields['code']),
          }),
        })
      ).status;
    expect(await exchange(urlOf())).toBe(400);
    expect(await exchange(urlOf('eastern'))).toBe(200);
  });

  it('give their portals tokens that portals take, and may remember an error for', async () => {
    const rest = new PortalCaller(emulator, eastern);
    expect((await rest.call('event.get')).status).toBe(200);
    eastern.setState('connection-error');
    expect(await rest.call('event.get')).toMatchObject({ status: 401, error: 'CONNECTION_ERROR' });
    eastern.setState('active');
    eastern.refuseAccessTokens();
    expect(await rest.call('event.get')).toMatchObject({ status: 401, error: 'invalid_token' });
    rest.use(eastern.issueAccessToken());
    expect((await rest.call('event.get')).status).toBe(200);
    expect(() => emulator.addPortal({ name: 'x', authorizationServer: 'none' })).toThrow('none');
  });
});
