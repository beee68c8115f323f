import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';
import { Canary } from './canary.js';

/** Each test takes one of its own. */
const MEMBERS = Array.from({ length: 20 }, () => randomBytes(16).toString('hex'));
const ownMember = () => MEMBERS.pop() ?? '';
const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const grant = (clientEndpoint: string, serverEndpoint: string, member: string) => ({
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

let system: TestSystem;
/** The only one that B24_ALLOWED_PORTALS names by its address; it sends callers elsewhere. */
let allowed: Canary;
/** For https:// alone, or by a variable that the contract does not know. */
let proxy: Canary;
let authorization: Canary;
const servers: Canary[] = [];
/** Answers of the authorization server, by the member id at the end of the refresh token that is shown to it. */
const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
const asked: { readonly token: string; readonly method: string; readonly url: string }[] = [];
const askedFor = (member: string) => asked.filter(({ token }) => token.endsWith(member));
const open = async (...args: Parameters<typeof Canary.open>) => {
  const server = await Canary.open(...args);
  servers.push(server);
  return server;
};
beforeAll(async () => {
  allowed = await open((_request, response) => response.writeHead(302, { location: '/x' }).end());
  proxy = await open();
  authorization = await open((request, response, body) => {
    const token = new URLSearchParams(body).get('refresh_token') ?? '';
    asked.push({ token, method: request.method ?? '', url: request.url ?? '' });
    const answer = answers.get(token.slice(-32));
    if (answer === undefined) json(response, 200, {});
    else answer(request, response);
  });
  system = await openBeforeInstall({
    settings: {
      B24_OAUTH_URL: authorization.url,
      B24_ALLOWED_PORTALS: [allowed.host, ...MEMBERS].join(','),
      PORTAL_RECHECK_MS: '1000',
      HTTPS_PROXY: proxy.url,
      ALL_PROXY: proxy.url,
    },
  });
});
afterAll(async () => {
  await system.close();
  for (const server of servers) await server.close();
});
const installs = (member: string) =>
  post(system.bridge, '/bitrix24/install', {
    event: 'ONAPPINSTALL',
    auth: { member_id: member, refresh_token: `refresh-of-${member}`, application_token: 'app' },
  });
const failedRounds = (member: string) => {
  const name = portalRow(system.bridge, member)?.['name'];
  return linesOf(system.bridge, 'round.failed').filter(({ message }) => message['portal'] === name).length;
};
const grantFrom = (homes: Canary[], member: string, server?: Canary) => {
  const [home] = homes;
  if (home === undefined) throw new Error('at home nowhere');
  if (homes.length > 1) homes.shift();
  return {
    ...grant(`${home.url}/rest/`, `${(server ?? home).url}/rest/`, member),
    access_token: `access-to-${home.host}`,
    refresh_token: `refresh-to-${home.host}-of-${member}`,
  };
};

describe('outbound calls', () => {
  it('go to the authorization server and the address that it named, past proxies that are not for them', async () => {
    const canary = await open();
    const portal = await open((_request, response) =>
      json(response, 200, {
        result: { result: [], result_error: [], result_total: [], result_next: [], result_time: [] },
      }),
    );
    const member = ownMember();
    answers.set(member, (_request, response) =>
      json(response, 200, grant(`${portal.url}/rest/`, `${canary.url}/rest/`, member)),
    );
    expect((await installs(member)).status).toBe(200);
    await until('a call of the portal', () => portal.calls.length > 0);
    expect(askedFor(member).map(({ method }) => method)).toEqual(['POST']);
    expect(askedFor(member).map(({ url }) => url)).toEqual(['/oauth/token/']);
    expect(portal.calls.every(({ url }) => url.startsWith('/rest/'))).toBe(true);
    expect([...canary.calls, ...proxy.calls]).toEqual([]);
  });

  it('follow no redirect of the authorization server', async () => {
    const canary = await open();
    const member = ownMember();
    answers.set(member, (request, response) =>
      response.writeHead(302, { location: `${canary.url}${request.url}` }).end(),
    );
    expect((await installs(member)).status).toBe(503);
    expect(askedFor(member)).toHaveLength(1);
    expect(canary.calls).toEqual([]);
    expect(portalRow(system.bridge, member)).toBeUndefined();
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
    const member = ownMember();
    answers.set(member, (_request, response) => json(response, 200, grantFrom(homes, member, canary)));
    expect((await installs(member)).status).toBe(200);
    await until('a call at the new address', () => present.calls.length > 0);
    expect(portalRow(system.bridge, member)).toMatchObject({
      domain: present.host,
      client_endpoint: `${present.url}/rest/`,
      state: 'active',
    });
    expect(askedFor(member)).toHaveLength(2);
    expect(canary.calls).toEqual([]);
  });

  it('are not made where a redirect leads to an address that is not allowed', async () => {
    const present = await open((_request, response) => json(response, 200, {}));
    const homes = [allowed, present];
    const member = 'f'.repeat(32);
    answers.set(member, (_request, response) => json(response, 200, grantFrom(homes, member)));
    expect((await installs(member)).status).toBe(200);
    await until('some rounds', () => failedRounds(member) > 2);
    expect(portalRow(system.bridge, member)).toMatchObject({ state: 'not_allowed', domain: present.host });
    expect(askedFor(member)).toHaveLength(2);
    expect(present.calls).toEqual([]);
  });

  it('ask it once an hour at most where it knows no other address', async () => {
    const former = await open((_request, response) => response.writeHead(302, { location: '/' }).end());
    const member = ownMember();
    answers.set(member, (_request, response) =>
      json(response, 200, grant(`${former.url}/rest/`, `${former.url}/rest/`, member)),
    );
    expect((await installs(member)).status).toBe(200);
    await until('some rounds', () => former.calls.length > 3);
    expect(askedFor(member)).toHaveLength(2);
    expect(portalRow(system.bridge, member)).toMatchObject({ state: 'suspended' });
  });
});

describe('outbound calls to what the authorization server names', () => {
  it.each([301, 302, 307, 308])('follow no redirect (%d) of a portal', async (status) => {
    const canary = await open();
    const portal = await open((_request, response) =>
      json(response, status, { moved: true }, { location: `${canary.url}/rest/batch` }),
    );
    const member = ownMember();
    answers.set(member, (_request, response) =>
      json(response, 200, grant(`${portal.url}/rest/`, `${portal.url}/rest/`, member)),
    );
    expect((await installs(member)).status).toBe(200);
    await until('a failed round', () => failedRounds(member) > 0);
    expect(portal.calls.length).toBeGreaterThan(0);
    expect(canary.calls).toEqual([]);
  });

  it.each(['ftp://127.0.0.1/rest/', 'http://user:pass@127.0.0.1/rest/', 'not an address', ''])(
    'never go to %j, whoever names it',
    async (endpoint) => {
      const member = ownMember();
      answers.set(member, (_request, response) =>
        json(response, 200, grant(endpoint, 'http://127.0.0.1/rest/', member)),
      );
      expect((await installs(member)).status).toBe(503);
      expect(askedFor(member)).toHaveLength(1);
      expect(portalRow(system.bridge, member)).toBeUndefined();
    },
  );
});
