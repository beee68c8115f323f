import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { PortalError, PortalThrottled, PortalUnauthorized, OutcomeUnknown } from './errors.js';
import { type RequestReport } from './portal-call.js';
import { PortalClient, type PortalClientOptions } from './portal-client.js';
import { RateBudget } from './rate-budget.js';
import { DIRECT } from './outbound-routes.js';
import { type TokenSource } from './token-source.js';

/** How axios waits for a request to be cancelled. */
interface Listening {
  subscribe: (this: unknown, listener: () => void) => void;
  unsubscribe: (this: unknown, listener: () => void) => void;
}

interface Seen {
  method: string;
  body: Record<string, unknown>;
  headers: http.IncomingHttpHeaders;
}
type Script = (response: http.ServerResponse, seen: Seen) => void;

const TIME = { start: 1721300231.5, finish: 1721300231.6, operating: 0, operating_reset_at: 1721300831 };

function json(status: number, body: unknown): Script {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
const ok = (result: unknown, more: object = {}): Script => json(200, { result, time: TIME, ...more });
const fails = (status: number, error: string, text = ''): Script =>
  json(status, { error, error_description: text });

/** Tokens `token-1`, `token-2`, … of the portal that the test started. */
class Tokens implements TokenSource {
  readonly memberId = 'a223c6b3710f85df22e9377d6c4f7553';
  number = 1;
  renewals: string[] = [];
  refusal: Error | null = null;

  constructor(public address: string) {}

  endpoint(): string {
    return this.address;
  }
  accessToken(): Promise<string> {
    return Promise.resolve(`token-${this.number}`);
  }
  renew(used: string): Promise<string> {
    this.renewals.push(used);
    if (this.refusal !== null) return Promise.reject(this.refusal);
    this.number += 1;
    return this.accessToken();
  }
}

const seen: Seen[] = [];
let script: Script;
let server: http.Server;
let port: number;
let tokens: Tokens;
let reports: RequestReport[];
let closers: (() => void)[];

function portal(request: http.IncomingMessage, response: http.ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString() || '{}';
    const call = {
      method: (request.url ?? '').replace('/rest/', ''),
      body: JSON.parse(text) as Seen['body'],
      headers: request.headers,
    };
    seen.push(call);
    script(response, call);
  });
}

async function listen(started: net.Server): Promise<number> {
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    if (started instanceof http.Server) started.closeAllConnections();
    started.close();
  });
  return (started.address() as AddressInfo).port;
}

beforeEach(async () => {
  closers = [];
  seen.length = 0;
  reports = [];
  server = http.createServer(portal);
  port = await listen(server);
  tokens = new Tokens(`http://acme.localhost:${port}/rest/`);
});

afterEach(() => closers.forEach((close) => close()));

function client(options: Partial<PortalClientOptions> = {}): PortalClient {
  return new PortalClient({
    tokens,
    budget: new RateBudget({ perSecond: 1000, burst: 1000 }),
    http: new HttpService(),
    allowHttp: true,
    observer: (report) => reports.push(report),
    ...options,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<PortalError> {
  const error = await promise.then(
    (value) => new Error(`it answered ${inspect(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PortalError)) throw error;
  return error;
}

describe('PortalClient', () => {
  it('sends JSON with its token and source key to the portal, also under .localhost', async () => {
    script = ok({ value: 'Y' });
    const answer = await client({ authConnector: 'erp' }).call('feature.get', {
      CODE: 'rest_offline_extended',
    });
    expect(answer.result).toEqual({ value: 'Y' });
    expect(answer.time).toMatchObject({ start: 1721300231.5, operating: 0 });
    expect(seen[0]).toMatchObject({
      method: 'feature.get',
      body: { CODE: 'rest_offline_extended', auth: 'token-1', auth_connector: 'erp' },
      headers: { host: `acme.localhost:${port}`, 'content-type': 'application/json' },
    });
    expect(reports).toEqual([{ method: 'feature.get', outcome: 'ok', durationMs: expect.any(Number) }]);
  });

  it('answers lists with their next page and total', async () => {
    script = ok([], { next: 50, total: 120 });
    expect(await client().call('event.offline.list', {})).toMatchObject({ result: [], next: 50, total: 120 });
  });

  it('leaves the source key out when there is none', async () => {
    script = ok(true);
    await client({ authConnector: '' }).call('events', {});
    expect(Object.keys(seen[0]?.body ?? {})).toEqual(['auth']);
  });

  it('runs a batch as one request', async () => {
    const resetIn = 120;
    script = ok({
      result: { get: { process_id: 'p', events: [] } },
      result_error: { mark: { error: 'OPERATION_TIME_LIMIT', error_description: 'blocked' } },
      result_total: [],
      result_next: [],
      result_time: { mark: { finish: 1000, operating: 480, operating_reset_at: 1000 + resetIn } },
    });
    const before = Date.now();
    const { results, time } = await client({ authConnector: 'erp' }).batch(
      [
        {
          name: 'mark',
          method: 'event.offline.error',
          params: { process_id: 'p', message_id: ['a#b&c=d+e%f[g]é'] },
        },
        { name: 'get', method: 'event.offline.get', params: { clear: 0 } },
      ],
      { halt: false },
    );
    expect(seen[0]).toMatchObject({
      method: 'batch',
      body: {
        halt: 0,
        cmd: {
          mark: 'event.offline.error?process_id=p&message_id[0]=a%23b%26c%3Dd%2Be%25f%5Bg%5D%C3%A9',
          get: 'event.offline.get?clear=0',
        },
        auth: 'token-1',
        auth_connector: 'erp',
      },
    });
    expect([...results.keys()]).toEqual(['mark', 'get']);
    expect(results.get('get')).toMatchObject({ result: { process_id: 'p', events: [] } });
    const mark = results.get('mark') as { error: PortalThrottled };
    expect(mark.error).toMatchObject({ action: 'throttle', executed: 'no' });
    expect(mark.error.until).toBeGreaterThanOrEqual(before + resetIn * 1000);
    expect(mark.error.until).toBeLessThanOrEqual(Date.now() + resetIn * 1000);
    expect(time.operatingResetAt).toBeGreaterThan(Date.now());
  });

  describe('authorization', () => {
    it('renews an expired token once and repeats the call, which had not run', async () => {
      script = (response, { body }) =>
        (body['auth'] === 'token-1' ? fails(401, 'expired_token') : ok('done'))(response, { ...seen[0]! });
      expect((await client().call('events', {})).result).toBe('done');
      expect(seen.map(({ body }) => body['auth'])).toEqual(['token-1', 'token-2']);
      expect(tokens.renewals).toEqual(['token-1']);
      expect(reports.map(({ outcome }) => outcome)).toEqual(['refresh', 'ok']);
    });

    it('follows the portal to the address that the renewal brought', async () => {
      const address = tokens.address;
      const moved = http.createServer(portal);
      const newPort = await listen(moved);
      script = (response, call) => {
        tokens.address = address.replace(String(port), String(newPort));
        (call.headers.host?.endsWith(`:${newPort}`) ? ok('moved') : fails(401, 'expired_token'))(
          response,
          call,
        );
      };
      expect((await client().call('events', {})).result).toBe('moved');
    });

    it('does not renew again and again', async () => {
      script = fails(401, 'expired_token');
      expect(await failureOf(client().call('events', {}))).toMatchObject({
        action: 'refresh',
        executed: 'no',
      });
      expect(seen).toHaveLength(2);
      expect(tokens.renewals).toEqual(['token-1']);
    });

    it('passes on why a token cannot be renewed, and that the call did not run', async () => {
      script = fails(401, 'expired_token');
      tokens.refusal = new PortalUnauthorized({ method: 'oauth/token', code: 'invalid_grant' });
      expect(await failureOf(client().call('events', {}))).toBe(tokens.refusal);
      tokens.refusal = new OutcomeUnknown({ method: 'oauth/token', code: 'TIMEOUT' });
      expect(await failureOf(client().call('events', {}))).toMatchObject({
        action: 'retry',
        executed: 'no',
        code: 'TIMEOUT',
      });
    });

    it.each([
      'invalid_token',
      'NO_AUTH_FOUND',
      'authorization_error',
      'CONNECTION_ERROR',
      'SOMETHING_NEW',
      '',
    ])(
      'renews once and repeats once for a 401 %s, of which a portal may have remembered the cause',
      async (code) => {
        script = (response, call) =>
          (call.body['auth'] === 'token-1' ? fails(401, code) : ok('done'))(response, call);
        expect((await client().call('events', {})).result).toBe('done');
        expect(seen.map(({ body }) => body['auth'])).toEqual(['token-1', 'token-2']);
        expect(tokens.renewals).toEqual(['token-1']);
      },
    );

    it.each([
      ['a page', 'text/html', '<html>nginx</html>', 'NOT_JSON'],
      ['nothing', 'text/plain', '', 'NOT_JSON'],
      ['a page without end', 'text/html', ' '.repeat(300_000), 'ANSWER_TOO_LARGE'],
    ])(
      'renews once and repeats once for a 401 with %s in the place of a code',
      async (_, type, text, code) => {
        const hidden: Script = (response) => response.writeHead(401, { 'content-type': type }).end(text);
        script = (response, call) => (call.body['auth'] === 'token-1' ? hidden : ok('done'))(response, call);
        expect((await client().call('events', {})).result).toBe('done');
        expect(tokens.renewals).toEqual(['token-1']);
        // Of one that is no use either nobody can tell what it did.
        script = hidden;
        expect(await failureOf(client().call('events', {}))).toMatchObject({
          action: 'retry',
          executed: 'unknown',
          status: 401,
          code,
        });
        expect(tokens.renewals).toEqual(['token-1', 'token-2']);
      },
    );

    it.each([
      ['invalid_token', 'unauthorized'],
      ['NO_AUTH_FOUND', 'unauthorized'],
      ['CONNECTION_ERROR', 'retry'],
      ['SOMETHING_NEW', 'retry'],
    ])('takes a second %s for what it is (%s), and does not renew at each request', async (code, action) => {
      script = fails(401, code, 'why');
      const one = client();
      const first = await failureOf(one.call('events', {}));
      expect(first).toMatchObject({ action, executed: 'no', status: 401, code });
      expect(first.message.includes('a newly renewed token is refused as well')).toBe(
        action === 'unauthorized',
      );
      expect(seen).toHaveLength(2);
      // Until the next renewal nobody knows whether it is the token.
      expect(await failureOf(one.call('events', {}))).toMatchObject({
        action: 'retry',
        executed: 'no',
        code,
      });
      expect(seen).toHaveLength(3);
      expect(tokens.renewals).toEqual(['token-1']);
      // Over: what comes then is met anew.
      script = ok('done');
      await one.call('events', {});
      script = (response, call) =>
        (call.body['auth'] === 'token-2' ? fails(401, code) : ok('done'))(response, call);
      expect((await one.call('events', {})).result).toBe('done');
      expect(tokens.renewals).toEqual(['token-1', 'token-2']);
    });

    it.each([
      [403, 'insufficient_scope', '', 'configuration'],
      [401, 'insufficient_scope', '', 'configuration'],
      [401, 'OVERLOAD_LIMIT', '', 'suspend'],
      [401, 'ACCESS_DENIED', 'REST is available only on commercial plans', 'suspend'],
      [401, 'PORTAL_DELETED', '', 'suspend'],
    ])('does not renew for %s %s (%s)', async (status, code, text, action) => {
      script = fails(status, code, text);
      expect(await failureOf(client().call('events', {}))).toMatchObject({
        action,
        executed: 'no',
        status,
        code,
      });
      expect(seen).toHaveLength(1);
      expect(tokens.renewals).toEqual([]);
    });

    it('renews before the next request where a command of a batch was refused for its token, once a token', async () => {
      script = (response, call) =>
        ok({
          result: { a: 1 },
          result_error: { b: { error: 'invalid_token', error_description: 'why' } },
        })(response, call);
      const one = client();
      const commands = ['a', 'b'].map((name) => ({ name, method: 'events', params: {} }));
      for (let round = 0; round < 4; round += 1) {
        const { results } = await one.batch(commands);
        expect(results.get('b')).toMatchObject({ error: { action: 'retry', executed: 'unknown' } });
      }
      expect(seen.map(({ body }) => body['auth'])).toEqual(['token-1', 'token-2', 'token-2', 'token-2']);
      expect(tokens.renewals).toEqual(['token-1']);
    });

    it('gives up where the authorization server says that the grant is dead, or does not answer', async () => {
      script = fails(401, 'CONNECTION_ERROR');
      tokens.refusal = new PortalUnauthorized({ method: 'oauth/token', code: 'invalid_grant' });
      expect(await failureOf(client().call('events', {}))).toBe(tokens.refusal);
      tokens.refusal = new PortalThrottled({ method: 'oauth/token', code: 'X', status: 429 }, null);
      const one = client();
      expect(await failureOf(one.call('events', {}))).toMatchObject({ action: 'retry', code: 'X' });
      tokens.refusal = null;
      script = ok(1);
      expect((await one.call('events', {})).result).toBe(1);
    });
  });

  describe('throttling', () => {
    it('slows the whole portal down when its bucket is full', async () => {
      script = fails(503, 'QUERY_LIMIT_EXCEEDED', 'Too many requests');
      const budget = new RateBudget({ perSecond: 2, burst: 50, random: () => 1 });
      const at = Date.now();
      expect(await failureOf(client({ budget }).call('events', {}))).toMatchObject({
        action: 'throttle',
        executed: 'no',
        until: null,
      });
      const { used, pausedUntil, refused } = budget.report();
      expect({ used, refused }).toEqual({ used: 50, refused: 1 });
      expect(pausedUntil).toBeGreaterThanOrEqual(at + 1000);
      expect(seen).toHaveLength(1);
    });

    it("waits for a method's time as its last answer said, by our clock", async () => {
      const budget = new RateBudget({ perSecond: 1000, burst: 1000 });
      const one = client({ budget });
      script = ok(true);
      await one.call('event.offline.list', {});
      script = fails(429, 'OPERATION_TIME_LIMIT');
      const limited = await failureOf(one.call('event.offline.list', {}));
      const until = limited instanceof PortalThrottled ? (limited.until ?? 0) : 0;
      expect(until).toBeGreaterThan(Date.now() + 590_000);
      expect(until).toBeLessThan(Date.now() + 600_000);
      // Another method still has its time.
      expect(budget.report().pausedUntil).toBeNull();

      const batch = await failureOf(one.batch([{ name: 'a', method: 'events', params: {} }]));
      expect(batch).toMatchObject({ action: 'throttle', until: expect.any(Number) });
      expect(budget.report().pausedUntil).toBeGreaterThan(Date.now() + 50_000);
    });

    it('counts every request, the repeated one too', async () => {
      let counted = 0;
      class Counting extends RateBudget {
        override tryAcquire(): boolean {
          const taken = super.tryAcquire();
          if (taken) counted += 1;
          return taken;
        }
      }
      script = (response, call) =>
        (call.body['auth'] === 'token-1' ? fails(401, 'expired_token') : ok(1))(response, call);
      await client({ budget: new Counting({ perSecond: 1000, burst: 1000 }) }).call('events', {});
      expect(counted).toBe(2);
    });

    it('gives up waiting on demand, with nothing sent', async () => {
      script = ok(true);
      const budget = new RateBudget({ perSecond: 2, burst: 50 });
      budget.blockUntil(Date.now() + 300_000);
      const stop = new AbortController();
      const waiting = failureOf(client({ budget }).call('events', {}, { signal: stop.signal }));
      stop.abort();
      expect(await waiting).toMatchObject({ code: 'CANCELLED', action: 'retry', executed: 'no' });
      expect(seen).toHaveLength(0);
    });
  });

  describe('answers that say nothing about what ran', () => {
    const html = '<html><body>502 Bad Gateway</body></html>';
    const rows: [string, Script, object][] = [
      [
        'HTML with 200',
        (r) => r.writeHead(200, { 'content-type': 'text/html' }).end(html),
        { code: 'NOT_JSON' },
      ],
      ['HTML with 502', (r) => r.writeHead(502).end(html), { code: 'NOT_JSON', status: 502 }],
      ['HTML with 404', (r) => r.writeHead(404).end(html), { code: 'NOT_JSON', status: 404 }],
      ['an empty answer', (r) => r.writeHead(200).end(), { code: 'NOT_JSON' }],
      ['half of the JSON', (r) => r.writeHead(200).end('{"result":{"process_id":"p'), { code: 'NOT_JSON' }],
      ['JSON that is no map', (r) => r.writeHead(200).end('[]'), { code: 'NOT_JSON' }],
      ['a map without result', json(200, { time: TIME }), { code: 'UNREADABLE_ANSWER' }],
      ['500 without error', json(500, {}), { code: 'UNREADABLE_ANSWER', status: 500 }],
      [
        'a reset instead of an answer',
        (r) => r.socket?.resetAndDestroy(),
        { code: 'ECONNRESET', status: null },
      ],
      ['an end instead of an answer', (r) => r.socket?.end(), { code: 'ECONNRESET', status: null }],
      [
        'a reset amid the answer',
        (r) => {
          r.writeHead(200, { 'content-length': '1000' });
          r.write('{"result":', () => r.socket?.resetAndDestroy());
        },
        { status: 200, code: 'ECONNRESET' },
      ],
      [
        'an end amid the chunks',
        (r) => {
          r.writeHead(200);
          r.write('{"result":true}', () => r.socket?.end());
        },
        { status: 200, code: 'ECONNRESET' },
      ],
      ['noise instead of HTTP', (r) => r.socket?.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'), { status: null }],
      [
        'broken compression',
        (r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end('{"result":true}'),
        { status: 200 },
      ],
    ];

    it.each(rows)('%s', async (_what, answer, expected) => {
      script = answer;
      const error = await failureOf(client().call('event.offline.get', { clear: 0 }));
      expect(error).toMatchObject({ action: 'unknown-outcome', executed: 'unknown', ...expected });
      expect(seen).toHaveLength(1);
    });

    it('more than it is ready to take, packed or not', async () => {
      const large = JSON.stringify({ result: 'x'.repeat(200_000) });
      script = (r) => r.writeHead(200).end(large);
      const limited = client({ answers: { bytes: 100_000, values: 1000, depth: 100 } });
      const asked = () => failureOf(limited.batch([{ name: 'a', method: 'events', params: {} }]));
      const tooLarge = { action: 'unknown-outcome', code: 'ANSWER_TOO_LARGE', status: 200 };
      expect(await asked()).toMatchObject(tooLarge);
      for (const [packing, packed] of [
        ['gzip', gzipSync(large)],
        ['br', brotliCompressSync(large)],
        ['deflate', deflateSync(large)],
      ] as const) {
        script = (r) => r.writeHead(200, { 'content-encoding': packing }).end(packed);
        expect(await asked()).toMatchObject(tooLarge);
        expect((await client().call('events', {})).result).toHaveLength(200_000);
      }
      script = (r) => r.writeHead(200).end(`{"result":[${'[],'.repeat(1000)}[]]}`);
      expect(await asked()).toMatchObject({ ...tooLarge, code: 'ANSWER_TOO_COMPLEX' });
      script = (r) => r.writeHead(200).end(`{"result":${'['.repeat(101)}${']'.repeat(101)}}`);
      expect(await asked()).toMatchObject({ ...tooLarge, code: 'ANSWER_TOO_COMPLEX' });
    });

    it('more than a call without events is worth, or an error', async () => {
      script = (r) => r.writeHead(200).end(JSON.stringify({ result: 'x'.repeat(1_100_000) }));
      expect(await failureOf(client().call('event.get', {}))).toMatchObject({ code: 'ANSWER_TOO_LARGE' });
      script = (r) => r.writeHead(500).end(JSON.stringify({ error: 'x'.repeat(300_000) }));
      expect(await failureOf(client().call('event.get', {}))).toMatchObject({
        code: 'ANSWER_TOO_LARGE',
        status: 500,
      });
    });

    it.each(['zstd', 'compress', 'gzip, gzip', 'x'])('an answer packed as %s', async (packing) => {
      script = (r) => r.writeHead(200, { 'content-encoding': packing }).end('{"result":1}');
      expect(await failureOf(client().call('events', {}))).toMatchObject({ code: 'NOT_JSON', status: 200 });
    });

    it('packed nothing without end', async () => {
      script = (r) => {
        r.writeHead(200, { 'content-encoding': 'gzip' });
        r.write(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]));
        const block = Buffer.alloc(50_000, Buffer.from([0, 0, 0, 0xff, 0xff]));
        const go = () => {
          while (!r.destroyed && r.write(block));
          if (!r.destroyed) r.once('drain', go);
        };
        go();
      };
      expect(await failureOf(client().call('events', {}))).toMatchObject({ code: 'ANSWER_TOO_LARGE' });
    });

    it('nothing in time', async () => {
      script = () => undefined;
      const slow = client({ timeoutMs: 1000 });
      expect(await failureOf(slow.call('events', {}))).toMatchObject({
        action: 'unknown-outcome',
        code: 'TIMEOUT',
        status: null,
      });
      expect(reports).toMatchObject([{ method: 'events', outcome: 'unknown-outcome' }]);
    });

    it('an answer that trickles on and on', async () => {
      script = (response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(drip));
      };
      expect(await failureOf(client({ timeoutMs: 1000 }).call('events', {}))).toMatchObject({
        code: 'TIMEOUT',
        status: 200,
      });
    });

    it('a request that we cut off ourselves', async () => {
      const cut = new AbortController();
      script = () => cut.abort();
      expect(await failureOf(client().call('events', {}, { cut: cut.signal }))).toMatchObject({
        action: 'unknown-outcome',
        code: 'CUT_OFF',
      });
    });

    it('a failure inside the portal', async () => {
      script = fails(500, 'INTERNAL_SERVER_ERROR', 'Internal server error');
      const error = await failureOf(client().batch([{ name: 'a', method: 'events', params: {} }]));
      expect(error).toMatchObject({ action: 'retry', executed: 'unknown' });
    });
  });

  it('leaves nothing behind in what its requests share, however they end', async () => {
    let waiting = 0;
    const { subscribe, unsubscribe } = axios.CancelToken.prototype as unknown as Listening;
    const spies = [
      jest.spyOn(axios.CancelToken.prototype as unknown as Listening, 'subscribe'),
      jest.spyOn(axios.CancelToken.prototype as unknown as Listening, 'unsubscribe'),
    ];
    spies[0]?.mockImplementation(function (this: unknown, listener) {
      waiting += 1;
      Reflect.apply(subscribe, this, [listener]);
    });
    spies[1]?.mockImplementation(function (this: unknown, listener) {
      waiting -= 1;
      Reflect.apply(unsubscribe, this, [listener]);
    });
    try {
      const cut = new AbortController();
      const hang: Script = () => undefined;
      const ends: readonly (readonly [Script, object, object])[] = [
        [ok(1), {}, {}],
        [(response) => response.socket?.destroy(), {}, {}],
        [hang, { timeoutMs: 50 }, {}],
        [ok('x'.repeat(2_000_000)), { answers: { bytes: 1000, values: 9, depth: 9 } }, {}],
        [() => cut.abort(), {}, { cut: cut.signal }],
      ];
      for (const [how, options, call] of ends) {
        script = how;
        await client(options)
          .call('events', {}, call)
          .catch(() => undefined);
      }
      expect(spies[0]).toHaveBeenCalledTimes(ends.length);
      expect(waiting).toBe(0);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });

  it('reads JSON whatever its content type, with a byte order mark or packed', async () => {
    script = (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('\ufeff{"result":1}');
    expect((await client().call('events', {})).result).toBe(1);
    script = (r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"result":2}'));
    expect((await client().call('events', {})).result).toBe(2);
  });

  it('follows no redirect and names the host it would lead to', async () => {
    script = (r) => r.writeHead(302, { location: `http://127.0.0.1:${port}/rest/other?auth=secret` }).end();
    const error = await failureOf(client().call('events', {}));
    expect(error).toMatchObject({ action: 'configuration', executed: 'unknown', code: 'REDIRECTED' });
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.message).not.toContain('secret');
    expect(seen).toHaveLength(1);
  });

  describe('no connection', () => {
    it.each<[string, () => Promise<string> | string, object]>([
      ['nobody listens', () => 'http://127.0.0.1:1/rest/', { code: 'ECONNREFUSED' }],
      ['no such name', () => 'http://nowhere.invalid/rest/', {}],
      ['no TLS on the other side', () => `https://127.0.0.1:${port}/rest/`, {}],
      [
        'the TLS handshake is cut',
        async () => `https://127.0.0.1:${await deaf((s) => s.destroy())}/rest/`,
        {},
      ],
      [
        'the TLS handshake never ends',
        async () => `https://127.0.0.1:${await deaf(() => undefined)}/rest/`,
        { code: 'TIMEOUT' },
      ],
    ])('%s: nothing ran', async (_what, address, expected) => {
      tokens.address = await address();
      expect(await failureOf(client({ timeoutMs: 1500 }).call('events', {}))).toMatchObject({
        action: 'retry',
        executed: 'no',
        name: 'PortalUnreachable',
        ...expected,
      });
      expect(seen).toHaveLength(0);
    });

    async function deaf(onConnection: (socket: net.Socket) => void): Promise<number> {
      return listen(
        net.createServer((socket) => {
          socket.on('error', () => undefined);
          closers.push(() => socket.destroy());
          onConnection(socket);
        }),
      );
    }
  });

  it('knows over TLS as well that a request was sent', async () => {
    const psk = { psk: Buffer.alloc(32, 7), identity: 'test' };
    const tls = https.createServer(
      { pskCallback: () => psk.psk, ciphers: 'PSK', maxVersion: 'TLSv1.2' },
      portal,
    );
    tokens.address = `https://acme.localhost:${await listen(tls)}/rest/`;
    closers.push(() => tls.closeAllConnections());
    const { httpsAgent } = DIRECT.to(tokens.address, 'kept').agents;
    const kept = { ...httpsAgent.options };
    Object.assign(httpsAgent.options, {
      pskCallback: () => psk,
      ciphers: 'PSK',
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
    });
    try {
      script = ok('over TLS');
      expect((await client().call('events', {})).result).toBe('over TLS');
      for (let i = 0; i < 2; i++) {
        script = (r) => r.socket?.destroy();
        expect(await failureOf(client().call('events', {}))).toMatchObject({ action: 'unknown-outcome' });
      }
    } finally {
      for (const key of Object.keys(httpsAgent.options))
        delete (httpsAgent.options as Record<string, unknown>)[key];
      Object.assign(httpsAgent.options, kept);
    }
  });

  it('keeps no connection for a request that comes rarely', async () => {
    script = ok(1);
    const one = client();
    await one.call('events', {});
    const now = performance.now.bind(performance);
    const later = jest.spyOn(performance, 'now').mockImplementation(() => now() + 5000);
    try {
      await one.call('events', {});
      await one.call('events', {});
    } finally {
      later.mockRestore();
    }
    expect(seen.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'close', 'keep-alive']);
  });

  it('keeps connections alive, and knows that a request on a kept one was sent', async () => {
    let connections = 0;
    server.on('connection', () => (connections += 1));
    script = ok(1);
    for (let i = 0; i < 3; i++) await client().call('events', {});
    script = (r) => r.socket?.resetAndDestroy();
    expect(await failureOf(client().call('events', {}))).toMatchObject({ action: 'unknown-outcome' });
    expect(connections).toBe(1);
  });

  it.each([
    ['http://acme.bitrix24.com/rest/', { allowHttp: false }],
    ['ftp://acme.bitrix24.com/rest/', {}],
    ['https://user:pass@acme.bitrix24.com/rest/', {}],
    ['https://acme.bitrix24.com/rest/?auth=1', {}],
    ['nonsense', {}],
  ])('sends no token to %s', async (address, options) => {
    tokens.address = address;
    const error = await failureOf(client(options).call('events', {}));
    expect(error).toMatchObject({ action: 'configuration', executed: 'no', code: 'ENDPOINT_REFUSED' });
    expect(error.message).not.toContain('pass@');
  });

  it('refuses calls that cannot be meant', async () => {
    script = ok(true);
    expect(await failureOf(client().call('../admin', {}))).toMatchObject({ action: 'bug', executed: 'no' });
    expect(await failureOf(client().batch([]))).toMatchObject({ action: 'bug', executed: 'no' });
    expect(await failureOf(client().call('events', { big: 1n }))).toMatchObject({
      action: 'bug',
      executed: 'no',
    });
    expect(seen).toHaveLength(0);
  });

  it('chooses the commands of a late batch when there is room for it, once', async () => {
    const budget = new RateBudget({ perSecond: 1000, burst: 1000 });
    budget.blockUntil(Date.now() + 300);
    const commands = [{ name: 'one', method: 'crm.item.get', params: { id: 1 } }];
    let chosen = 0;
    script = (response, call) => {
      if (call.body['auth'] === 'token-1') return fails(401, 'expired_token')(response, call);
      ok({ result: { one: { item: { id: 1 } }, two: 2 }, result_error: [] })(response, call);
    };
    const asked = client({ budget }).lateBatch(
      () => {
        chosen += 1;
        return commands;
      },
      { beside: true },
    );
    commands.push({ name: 'two', method: 'crm.item.get', params: { id: 2 } });
    const { results } = await asked;
    expect([...results.keys()]).toEqual(['one', 'two']);
    expect(chosen).toBe(1);
    // Nothing ran with the expired token, and the same is asked again.
    expect(seen.map(({ body }) => body['cmd'])).toEqual([seen[0]?.body['cmd'], seen[0]?.body['cmd']]);

    const none = client().lateBatch(() => {
      throw new TypeError('nothing is wanted');
    });
    await expect(none).rejects.toThrow('nothing is wanted');
    expect(seen).toHaveLength(2);
  });

  it('ignores proxy variables of the environment', async () => {
    script = ok('direct');
    const before = process.env['http_proxy'];
    process.env['http_proxy'] = 'http://127.0.0.1:9';
    try {
      tokens.address = `http://127.0.0.1:${port}/rest/`;
      expect((await client().call('events', {})).result).toBe('direct');
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    }
  });

  it('never shows a token or a parameter in an error', async () => {
    const scripts: Script[] = [
      (r, { body }) => fails(400, 'ERROR_ARGUMENT', `bad ${JSON.stringify(body['auth'])}`)(r, seen[0]!),
      (r) => r.writeHead(200).end('<html>'),
      (r) => r.socket?.resetAndDestroy(),
      (r) => r.writeHead(302, { location: '/x?token-1' }).end(),
      () => undefined,
    ];
    for (const answer of scripts) {
      script = answer;
      const error = await failureOf(client({ timeoutMs: 1000 }).call('events', { note: 'parameter-x' }));
      const everything = inspect(error, { depth: 20, showHidden: true, getters: true }) + (error.stack ?? '');
      expect(everything).not.toContain('token-1');
      expect(everything).not.toContain('parameter-x');
    }
    expect(seen).toHaveLength(scripts.length);
  });
});
