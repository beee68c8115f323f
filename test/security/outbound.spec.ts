import { randomBytes } from 'node:crypto';
import { type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';
import { Canary } from './canary.js';

const MEMBER = 'f'.repeat(32);
const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const grant = (clientEndpoint: string, serverEndpoint: string, member = MEMBER) => ({
  access_token: `access-of-${member}`,
  refresh_token: `refresh-of-${member}`,
  expires_in: 3600,
  client_endpoint: clientEndpoint,
  server_endpoint: serverEndpoint,
  member_id: member,
  scope: 'crm',
  status: 'L',
  user_id: 1,
  domain: 'oauth.example',
});
const installs = ({ bridge }: TestSystem, member = MEMBER) =>
  post(bridge, '/bitrix24/install', {
    event: 'ONAPPINSTALL',
    auth: { member_id: member, refresh_token: `refresh-of-${member}`, application_token: 'app' },
  });

describe('outbound calls', () => {
  let system: TestSystem;
  const servers: Canary[] = [];
  afterEach(async () => {
    await system.close();
    for (const server of servers.splice(0)) await server.close();
  });
  const open = async (...args: Parameters<typeof Canary.open>) => {
    const server = await Canary.open(...args);
    servers.push(server);
    return server;
  };
  it('go to the authorization server and the address that it named, past proxies that are not for them', async () => {
    const canary = await open();
    const portal = await open((_request, response) =>
      json(response, 200, {
        result: { result: [], result_error: [], result_total: [], result_next: [], result_time: [] },
      }),
    );
    const authorization = await open((_request, response) =>
      json(response, 200, grant(`${portal.url}/rest/`, `${canary.url}/rest/`)),
    );
    system = await openBeforeInstall({
      settings: {
        B24_OAUTH_URL: authorization.url,
        // For https:// alone; and none that the contract knows.
        HTTPS_PROXY: canary.url,
        ALL_PROXY: canary.url,
      },
    });
    expect((await installs(system)).status).toBe(200);
    await until('a call of the portal', () => portal.calls.length > 0);
    expect(authorization.calls.map(({ method }) => method)).toEqual(['POST']);
    expect(authorization.calls.map(({ url }) => url)).toEqual(['/oauth/token/']);
    expect(portal.calls.every(({ url }) => url.startsWith('/rest/'))).toBe(true);
    expect(canary.calls).toEqual([]);
  });

  it('follow no redirect of the authorization server', async () => {
    const canary = await open();
    const authorization = await open((request, response) =>
      response.writeHead(302, { location: `${canary.url}${request.url}` }).end(),
    );
    system = await openBeforeInstall({ settings: { B24_OAUTH_URL: authorization.url } });
    expect((await installs(system)).status).toBe(503);
    expect(authorization.calls).toHaveLength(1);
    expect(canary.calls).toEqual([]);
    expect(portalRow(system.bridge, MEMBER)).toBeUndefined();
  });

  it('find a portal that has moved by asking the authorization server, not by its redirect', async () => {
    const canary = await open();
    const former = await open((_request, response) =>
      response.writeHead(302, { location: `${canary.url}/rest/batch` }).end('<html>moved</html>'),
    );
    const present = await open((_request, response) =>
      json(response, 200, {
        result: { result: [], result_error: [], result_total: [], result_next: [], result_time: [] },
      }),
    );
    const homes = [former, present];
    const authorization = await open((_request, response) => {
      const home = (homes.length > 1 ? homes.shift() : homes[0]) ?? present;
      json(response, 200, {
        ...grant(`${home.url}/rest/`, `${canary.url}/rest/`),
        access_token: `access-to-${home.host}`,
        refresh_token: `refresh-to-${home.host}`,
      });
    });
    system = await openBeforeInstall({ settings: { B24_OAUTH_URL: authorization.url } });
    expect((await installs(system)).status).toBe(200);
    await until('a call at the new address', () => present.calls.length > 0);
    expect(portalRow(system.bridge, MEMBER)).toMatchObject({
      domain: present.host,
      client_endpoint: `${present.url}/rest/`,
      state: 'active',
    });
    expect(authorization.calls).toHaveLength(2);
    expect(canary.calls).toEqual([]);
  });

  it('are not made where a redirect leads to an address that is not allowed', async () => {
    const former = await open((_request, response) => response.writeHead(302, { location: '/x' }).end());
    const present = await open((_request, response) => json(response, 200, {}));
    const homes = [former, present];
    const authorization = await open((_request, response) => {
      const home = (homes.length > 1 ? homes.shift() : homes[0]) ?? present;
      json(response, 200, {
        ...grant(`${home.url}/rest/`, `${home.url}/rest/`),
        access_token: `access-to-${home.host}`,
        refresh_token: `refresh-to-${home.host}`,
      });
    });
    const settings = {
      B24_OAUTH_URL: authorization.url,
      B24_ALLOWED_PORTALS: former.host,
      PORTAL_RECHECK_MS: '1000',
    };
    system = await openBeforeInstall({ settings });
    expect((await installs(system)).status).toBe(200);
    await until('some rounds', () => linesOf(system.bridge, 'round.failed').length > 2);
    expect(portalRow(system.bridge, MEMBER)).toMatchObject({ state: 'not_allowed', domain: present.host });
    expect(authorization.calls).toHaveLength(2);
    expect(present.calls).toEqual([]);
  });

  it('ask it once an hour at most where it knows no other address', async () => {
    const former = await open((_request, response) => response.writeHead(302, { location: '/' }).end());
    const authorization = await open((_request, response) =>
      json(response, 200, grant(`${former.url}/rest/`, `${former.url}/rest/`)),
    );
    system = await openBeforeInstall({
      settings: { B24_OAUTH_URL: authorization.url, PORTAL_RECHECK_MS: '1000' },
    });
    expect((await installs(system)).status).toBe(200);
    await until('some rounds', () => former.calls.length > 3);
    expect(authorization.calls).toHaveLength(2);
    expect(portalRow(system.bridge, MEMBER)).toMatchObject({ state: 'suspended' });
  });
});

describe('outbound calls to what the authorization server names', () => {
  let system: TestSystem;
  let authorization: Canary;
  const servers: Canary[] = [];
  /** Answers of the authorization server, by the refresh token that is shown to it. */
  const named = new Map<string, object>();
  const asked: string[] = [];
  beforeAll(async () => {
    authorization = await Canary.open((_request, response, body) => {
      const token = new URLSearchParams(body).get('refresh_token') ?? '';
      asked.push(token);
      json(response, 200, named.get(token) ?? {});
    });
    system = await openBeforeInstall({ settings: { B24_OAUTH_URL: authorization.url } });
  });
  afterAll(async () => {
    await system.close();
    for (const server of [authorization, ...servers]) await server.close();
  });
  const open = async (...args: Parameters<typeof Canary.open>) => {
    const server = await Canary.open(...args);
    servers.push(server);
    return server;
  };
  const ownMember = () => randomBytes(16).toString('hex');

  it.each([301, 302, 307, 308])('follow no redirect (%d) of a portal', async (status) => {
    const canary = await open();
    const portal = await open((_request, response) =>
      json(response, status, { moved: true }, { location: `${canary.url}/rest/batch` }),
    );
    const member = ownMember();
    named.set(`refresh-of-${member}`, grant(`${portal.url}/rest/`, `${portal.url}/rest/`, member));
    expect((await installs(system, member)).status).toBe(200);
    await until('a failed round', () => {
      const name = portalRow(system.bridge, member)?.['name'];
      return linesOf(system.bridge, 'round.failed').some(({ message }) => message['portal'] === name);
    });
    expect(portal.calls.length).toBeGreaterThan(0);
    expect(canary.calls).toEqual([]);
  });

  it.each(['ftp://127.0.0.1/rest/', 'http://user:pass@127.0.0.1/rest/', 'not an address', ''])(
    'never go to %j, whoever names it',
    async (endpoint) => {
      const member = ownMember();
      named.set(`refresh-of-${member}`, grant(endpoint, 'http://127.0.0.1/rest/', member));
      expect((await installs(system, member)).status).toBe(503);
      expect(asked).toContain(`refresh-of-${member}`);
      expect(portalRow(system.bridge, member)).toBeUndefined();
    },
  );
});
