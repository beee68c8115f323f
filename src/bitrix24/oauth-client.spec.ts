import http from 'node:http';
import { type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import { AuthorizationServers, type Belonging } from './authorization-servers.js';
import { PortalError } from './errors.js';
import { OAuthClient, type TokenGrant } from './oauth-client.js';

const GRANTED = {
  access_token: 'access-2',
  refresh_token: 'refresh-2',
  expires: 1721302351,
  expires_in: 3600,
  client_endpoint: 'https://acme.bitrix24.com/rest/',
  server_endpoint: 'https://oauth.bitrix.info/rest/',
  member_id: 'a223c6b3710f85df22e9377d6c4f7553',
  scope: 'crm,task',
  status: 'L',
  user_id: 1,
  domain: 'oauth.bitrix.info',
};

/** The body of a request. */
async function received(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

let server: http.Server;
let asked: { url: URL; verb: string; type: string | undefined; form: Record<string, string> }[];
let answer: { status: number; body: unknown } | 'reset' | 'silence';
let url: string;

beforeEach(async () => {
  asked = [];
  answer = { status: 200, body: GRANTED };
  server = http.createServer(
    (request, response) =>
      void received(request).then((text) => {
        asked.push({
          url: new URL(request.url ?? '', url),
          verb: request.method ?? '',
          type: request.headers['content-type'],
          form: Object.fromEntries(new URLSearchParams(text)),
        });
        if (answer === 'reset') request.socket.resetAndDestroy();
        else if (answer !== 'silence') {
          const { status, body } = answer;
          response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
        }
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://oauth.localhost:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function client(options: { allowHttp?: boolean; timeoutMs?: number } = {}): OAuthClient {
  return new OAuthClient({
    servers: new AuthorizationServers([url], options.allowHttp ?? true),
    clientId: 'app.id',
    clientSecret: 'client-secret&+',
    http: new HttpService(),
    allowHttp: true,
    ...options,
  });
}

/** Two servers; each remembers who asked it and answers as the test says. */
async function pair(): Promise<{
  answers: { status: number; body: object }[];
  tokens: string[][];
  hosts: string[];
  close: () => void;
  refresh: (of?: Belonging) => Promise<TokenGrant>;
}> {
  const refused = {
    status: 400,
    body: { error: 'invalid_grant', error_description: 'Invalid refresh token' },
  };
  const answers = [refused, refused];
  const tokens: string[][] = [[], []];
  const servers = await Promise.all(
    [0, 1].map(async (index) => {
      const one = http.createServer(
        (request, response) =>
          void received(request).then((text) => {
            const form = new URLSearchParams(text);
            tokens[index]?.push(form.get('refresh_token') ?? '');
            const { status, body } = answers[index] ?? refused;
            response.writeHead(status).end(JSON.stringify(body));
          }),
      );
      await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
      return one;
    }),
  );
  const hosts = servers.map((one) => `127.0.0.1:${(one.address() as AddressInfo).port}`);
  const oauth = new OAuthClient({
    servers: new AuthorizationServers(
      hosts.map((host) => `http://${host}`),
      true,
    ),
    clientId: 'app.id',
    clientSecret: 'client-secret',
    http: new HttpService(),
  });
  return {
    answers,
    tokens,
    hosts,
    close: () => servers.forEach((one) => (one.closeAllConnections(), one.close())),
    refresh: (of) => oauth.refresh('refresh-1', of),
  };
}

async function failureOf(promise: Promise<TokenGrant>): Promise<PortalError> {
  const error = await promise.then(
    () => new Error('it granted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PortalError)) throw error;
  return error;
}

describe('OAuthClient', () => {
  it('exchanges a refresh token for a new pair', async () => {
    const before = Date.now();
    const grant = await client().refresh('refresh-1/+');
    expect(asked[0]?.url.pathname).toBe('/oauth/token/');
    // No secret stands in an address.
    expect(asked[0]?.url.search).toBe('');
    expect(asked[0]).toMatchObject({ verb: 'POST', type: 'application/x-www-form-urlencoded' });
    expect(asked[0]?.form).toEqual({
      grant_type: 'refresh_token',
      client_id: 'app.id',
      client_secret: 'client-secret&+',
      refresh_token: 'refresh-1/+',
    });
    expect(grant).toEqual({
      accessToken: 'access-2',
      refreshToken: 'refresh-2',
      expiresAt: expect.any(Number),
      clientEndpoint: 'https://acme.bitrix24.com/rest/',
      authorizationServer: new URL(url).host,
      memberId: 'a223c6b3710f85df22e9377d6c4f7553',
      scope: 'crm,task',
      userId: '1',
      status: 'L',
    });
    expect(grant.expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(grant.expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  it('exchanges a code', async () => {
    await client().exchangeCode('code-1');
    expect(asked[0]?.form).toMatchObject({
      grant_type: 'authorization_code',
      code: 'code-1',
    });
  });

  it('completes an endpoint without a slash, and does without the optional', async () => {
    const { expires_in: _in, server_endpoint: _server, user_id: _user, scope: _scope, ...rest } = GRANTED;
    answer = { status: 200, body: { ...rest, client_endpoint: 'https://acme.bitrix24.com/rest' } };
    expect(await client().refresh('r')).toMatchObject({
      clientEndpoint: 'https://acme.bitrix24.com/rest/',
      authorizationServer: new URL(url).host,
      userId: null,
      expiresAt: 1721302351000,
    });
  });

  it.each([
    [400, 'invalid_grant', 'unauthorized', 'no'],
    [401, 'invalid_grant', 'unauthorized', 'no'],
    [400, 'bad_verification_code', 'unauthorized', 'no'],
    [401, 'invalid_client', 'configuration', 'no'],
    [400, 'wrong_client', 'configuration', 'no'],
    [400, 'invalid_request', 'configuration', 'no'],
    [400, 'invalid_scope', 'configuration', 'no'],
    [402, 'PAYMENT_REQUIRED', 'suspend', 'no'],
    [403, 'PAYMENT_REQUIRED', 'suspend', 'no'],
    [200, 'invalid_grant', 'unauthorized', 'no'],
    [503, 'QUERY_LIMIT_EXCEEDED', 'throttle', 'no'],
    [500, 'INTERNAL_SERVER_ERROR', 'retry', 'unknown'],
    [400, 'whatever', 'configuration', 'no'],
  ])('%s %s asks for %s, executed: %s', async (status, code, action, executed) => {
    answer = { status, body: { error: code, error_description: 'said refresh-1 and client-secret&+' } };
    const error = await failureOf(client().refresh('refresh-1'));
    expect(error).toMatchObject({ action, executed, status, code });
    expect(error.message).toContain('said *** and ***');
  });

  it.each<[string, object]>([
    ['access_token', { access_token: '' }],
    ['refresh_token', { refresh_token: null }],
    ['expires_in', { expires_in: 'soon', expires: null }],
    ['member_id', { member_id: undefined }],
    ['member_id', { member_id: 'a:b-c:d-e:f' }],
    ['client_endpoint', { client_endpoint: 'acme.bitrix24.com' }],
    ['client_endpoint', { client_endpoint: 'javascript:alert(1)' }],
    ['client_endpoint', { client_endpoint: 'https://u:p@acme.bitrix24.com/rest/' }],
  ])('does not believe an answer with a wrong %s: %j', async (field, wrong) => {
    answer = { status: 200, body: { ...GRANTED, ...wrong } };
    const error = await failureOf(client().refresh('refresh-1'));
    expect(error).toMatchObject({ action: 'unknown-outcome', code: 'UNREADABLE_ANSWER' });
    expect(error.message).toContain(field);
  });

  it('tells a server that did not answer from one that was not reached', async () => {
    answer = 'reset';
    expect(await failureOf(client().refresh('r'))).toMatchObject({ action: 'unknown-outcome' });
    answer = 'silence';
    expect(await failureOf(client({ timeoutMs: 100 }).refresh('r'))).toMatchObject({ code: 'TIMEOUT' });
    answer = { status: 502, body: '<html>' };
    expect(await failureOf(client().refresh('r'))).toMatchObject({ action: 'unknown-outcome', status: 502 });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await failureOf(client().refresh('r'))).toMatchObject({ action: 'retry', executed: 'no' });
  });

  it('sends the secret over http:// only where that is allowed, and takes no http:// portal', async () => {
    expect(() => client({ allowHttp: false })).toThrow(/not allowed/);
    url = 'https://oauth.bitrix.info';
    expect(() => client({ allowHttp: false })).not.toThrow();
    url = `http://oauth.localhost:${(server.address() as AddressInfo).port}`;
    answer = { status: 200, body: { ...GRANTED, client_endpoint: 'http://acme.localhost:4000/rest/' } };
    expect(await client().refresh('r')).toMatchObject({ clientEndpoint: 'http://acme.localhost:4000/rest/' });
  });

  it('never shows a secret in an error', async () => {
    const answers: (typeof answer)[] = [
      'reset',
      { status: 200, body: '<html>' },
      { status: 200, body: { ...GRANTED, member_id: 1 } },
      { status: 400, body: { error: 'invalid_grant', error_description: 'refresh-1' } },
    ];
    for (const one of answers) {
      answer = one;
      const error = await failureOf(client().refresh('refresh-1'));
      const everything = inspect(error, { depth: 20, showHidden: true, getters: true }) + (error.stack ?? '');
      for (const secret of ['client-secret', 'refresh-1', 'refresh-2', 'access-2']) {
        expect(everything).not.toContain(secret);
      }
    }
  });

  it.each([
    [undefined],
    ['nowhere'],
    ['https://evil.example/rest/'],
    ['javascript:alert(1)'],
    [7],
    [{ host: 'evil' }],
  ])('takes a server_endpoint %j for untold: the granting server is the one', async (told) => {
    answer = { status: 200, body: { ...GRANTED, server_endpoint: told } };
    expect(await client().refresh('r')).toMatchObject({ authorizationServer: new URL(url).host });
  });

  describe('with two servers', () => {
    const granted = { status: 200, body: GRANTED };
    let two: Awaited<ReturnType<typeof pair>>;
    beforeEach(async () => {
      two = await pair();
    });
    afterEach(() => two.close());
    const asks = () => two.tokens.map((tokens) => tokens.length);

    it('asks the one that was told, and no other', async () => {
      two.answers[1] = granted;
      expect(await two.refresh({ told: `http://${two.hosts[1]}/rest/` })).toMatchObject({
        authorizationServer: two.hosts[1],
      });
      expect(asks()).toEqual([0, 1]);
      const error = await failureOf(two.refresh({ told: two.hosts[0] ?? '' }));
      expect(error).toMatchObject({ action: 'unauthorized', method: `oauth/token at ${two.hosts[0]}` });
      expect(asks()).toEqual([1, 1]);
    });

    it('asks the others, too, about a token of ours that the one that was told refuses', async () => {
      const of = { told: two.hosts[0] ?? '', granted: true };
      two.answers[1] = granted;
      expect(await two.refresh(of)).toMatchObject({ authorizationServer: two.hosts[1] });
      expect(asks()).toEqual([1, 1]);
      // It has refused, whatever trouble another one has.
      for (const trouble of [
        { status: 400, body: { error: 'wrong_client' } },
        { status: 503, body: { error: 'INTERNAL_SERVER_ERROR' } },
        { status: 502, body: [] },
      ]) {
        two.answers[1] = trouble;
        const refused = await failureOf(two.refresh(of));
        expect(refused).toMatchObject({ action: 'unauthorized', executed: 'no', code: 'invalid_grant' });
        expect(refused.message).toMatch(new RegExp(`^oauth/token at ${two.hosts[0]}: .*at ${two.hosts[1]}`));
      }
      expect(asks()).toEqual([4, 4]);
      // It does not know our keys, or is in trouble itself: that says nothing of the token.
      for (const [status, error] of [
        [400, 'wrong_client'],
        [503, 'INTERNAL_SERVER_ERROR'],
        [403, 'PAYMENT_REQUIRED'],
      ] as const) {
        two.answers[0] = { status, body: { error } };
        expect((await failureOf(two.refresh(of))).code).toBe(error);
      }
      expect(asks()).toEqual([7, 4]);
    });

    it('moves on after a definite refusal where nothing was told', async () => {
      two.answers[1] = granted;
      for (const error of ['invalid_grant', 'bad_verification_code', 'wrong_client', 'invalid_client']) {
        two.answers[0] = { status: 400, body: { error } };
        await expect(two.refresh({ told: 'https://evil.example/rest/' })).resolves.toBeDefined();
      }
      expect(asks()).toEqual([4, 4]);
      // Where the portal's address suggests the second, that one is asked first.
      await two.refresh({ domain: 'zavod.bitrix24.ru' });
      expect(asks()).toEqual([4, 5]);
    });

    it.each([
      [500, 'INTERNAL_SERVER_ERROR'],
      [503, 'QUERY_LIMIT_EXCEEDED'],
      [429, 'whatever'],
      [403, 'PAYMENT_REQUIRED'],
      [302, 'moved'],
    ])('does not move on after %s %s', async (status, error) => {
      two.answers[0] = { status, body: { error } };
      await failureOf(two.refresh());
      expect(asks()).toEqual([1, 0]);
    });

    it('shows what the likeliest said, and names both', async () => {
      const refused = await failureOf(two.refresh());
      expect(refused).toMatchObject({ action: 'unauthorized', executed: 'no', code: 'invalid_grant' });
      expect(refused.message).toMatch(new RegExp(`^oauth/token at ${two.hosts[0]}: .*at ${two.hosts[1]}`));
      // One that does not even know the application is not likely to know the portal.
      two.answers[0] = { status: 400, body: { error: 'wrong_client' } };
      const second = await failureOf(two.refresh());
      expect(second).toMatchObject({ action: 'unauthorized', code: 'invalid_grant' });
      expect(second.message).toMatch(new RegExp(`^oauth/token at ${two.hosts[1]}: .*at ${two.hosts[0]}`));
      two.answers[1] = { status: 400, body: { error: 'invalid_client' } };
      expect(await failureOf(two.refresh())).toMatchObject({ action: 'configuration', code: 'wrong_client' });
    });
  });
});
