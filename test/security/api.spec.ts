import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOG_INS_IN_PERIOD } from '../../src/http/log-in-accounts.js';
import { TestSystem } from '../support/test-system.js';

const OPERATE = 'c0ffee00c0ffee11c0ffee22c0ffeeab';
const READ = 'f00dfeed0123f00dfeed4567f00dfeed';
const SLOW_START_MS = 60_000;

/** Every path and method of the API. */
const READS = [
  '/portals',
  '/portals/acme',
  '/events',
  '/events/1',
  '/audit',
  '/health',
  '/queues',
  '/openapi.json',
];
const WRITES = [
  '/portals/acme/wake',
  '/portals/acme/pause',
  '/portals/acme/resume',
  '/events/retry',
  '/events/discard',
  '/queues/unrouted/look',
  '/queues/dead/republish',
];

async function serve(settings: Record<string, string>): Promise<TestSystem> {
  const system = await TestSystem.prepare({
    settings: { ...settings, B24_DOMAIN: '', B24_REFRESH_TOKEN: '' },
  });
  system.bridge.start();
  await system.bridge.logged('bridge.no_portal', SLOW_START_MS);
  return system;
}

describe('the API without a token in the settings', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await serve({});
  }, SLOW_START_MS);
  afterAll(() => system?.close());

  it('is not there', async () => {
    for (const path of [...READS, ...WRITES, '', '/nothing']) {
      const answer = await fetch(`${system.bridge.url}/api/v1${path}`, {
        headers: { Authorization: `Bearer ${READ}` },
      });
      expect(answer.status).toBe(404);
    }
  });
});

describe('the API', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await serve({
      API_TOKEN: `erp:read:${READ},ops:operate:${OPERATE}`,
      API_RATE_PER_MINUTE: '120',
    });
  }, SLOW_START_MS);
  afterAll(() => system?.close());

  const call = (path: string, method = 'GET', headers: Record<string, string> = {}, body?: string) =>
    fetch(`${system.bridge.url}/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` });

  it('answers nobody without a token, not even which paths there are', async () => {
    const answers = [];
    for (const path of ['/portals', '/nothing', '', '/openapi.json']) answers.push(await call(path));
    answers.push(
      await call('/events/retry', 'POST', { 'Content-Type': 'application/json' }, '{"ids":["a-1-1"]}'),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="bitrix24-bridge"');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1);
  });

  it('lets a flood of wrong tokens try a few, and holds up nobody who has one', async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < LOG_INS_IN_PERIOD + 20; guess += 1)
      statuses.push((await call('/portals', 'GET', bearer(`${OPERATE.slice(0, -2)}${guess % 10}x`))).status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(LOG_INS_IN_PERIOD);
    expect(statuses.at(-1)).toBe(429);
    const held = await call('/portals');
    expect([held.status, Number(held.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect((await call('/portals', 'GET', bearer(READ))).status).toBe(200);
    // A flood is one entry that counts.
    const audit = await call('/audit?action=log_in_refused', 'GET', bearer(OPERATE));
    const { items } = (await audit.json()) as { items: { count: number }[] };
    expect(items).toHaveLength(1);
    expect(items[0]?.count).toBeLessThanOrEqual(LOG_INS_IN_PERIOD);
  });

  it('takes a token by its header alone', async () => {
    expect((await call(`/portals?access_token=${READ}&token=${READ}`)).status).toBe(429);
    expect((await call('/portals', 'GET', { Cookie: `token=${READ}` })).status).toBe(429);
    expect((await call('/portals', 'GET', { Authorization: READ })).status).toBe(429);
    expect((await call('/portals', 'GET', { Authorization: `bearer ${READ}` })).status).toBe(200);
  });

  it('lets a token that reads change nothing', async () => {
    for (const path of WRITES) {
      const answer = await call(path, 'POST', { ...bearer(READ), 'Content-Type': 'application/json' }, '{}');
      expect([path, answer.status]).toEqual([path, 403]);
      expect(await answer.json()).toMatchObject({ type: 'urn:bitrix24-bridge:problem:forbidden' });
    }
  });

  it('reads no body that is too large, packed, or no JSON, and takes no field that it does not know', async () => {
    const post = (body: string, headers: Record<string, string> = {}) =>
      call(
        '/events/retry',
        'POST',
        { ...bearer(OPERATE), 'Content-Type': 'application/json', ...headers },
        body,
      );
    const problem = async (answer: Response) => {
      const { type } = (await answer.json()) as { type: string };
      return [answer.status, type.split(':').at(-1)];
    };
    expect(await problem(await post(JSON.stringify({ ids: ['x'.repeat(200_000)] })))).toEqual([
      413,
      'body-too-large',
    ]);
    expect(await problem(await post('{"ids":'))).toEqual([400, 'unreadable-body']);
    expect(await problem(await post('"text"'))).toEqual([400, 'unreadable-body']);
    expect(
      await problem(await post('ids=1', { 'Content-Type': 'application/x-www-form-urlencoded' })),
    ).toEqual([415, 'unsupported-media-type']);
    expect(await problem(await post('{}', { 'Content-Encoding': 'gzip' }))).toEqual([
      415,
      'unsupported-media-type',
    ]);
    for (const body of [
      {},
      [],
      { ids: [] },
      { ids: 'a-1-1' },
      { ids: [1] },
      { ids: ['no id'] },
      { ids: Array<string>(1001).fill('a-1-1') },
      { ids: ['a-1-1'], filter: { portal: 'acme' } },
      { filter: { allPortals: true, states: ['nonsense'] } },
      { filter: { allPortals: true, secret: 1 } },
      { filter: { portal: 'acme', allPortals: true } },
      { filter: 'all', other: 1 },
      { ids: ['a-1-1'], __proto__x: 1 },
    ])
      expect([body, ...(await problem(await post(JSON.stringify(body))))]).toEqual([
        body,
        400,
        'invalid-request',
      ]);
    expect(await problem(await post('{"ids":["a-1-1"]}', { 'Idempotency-Key': 'x'.repeat(300) }))).toEqual([
      400,
      'invalid-idempotency-key',
    ]);
  });

  it('has no secret in its log, its answers or its metrics', async () => {
    const answer = await call(`/events?q=${OPERATE}`, 'GET', bearer(OPERATE));
    expect(await answer.text()).not.toContain(OPERATE);
    await call(
      '/events/discard',
      'POST',
      { ...bearer(OPERATE), 'Content-Type': 'application/json' },
      JSON.stringify({ filter: { allPortals: true, text: OPERATE } }),
    );
    await call(`/nothing/${OPERATE}`, 'GET', bearer(OPERATE));
    const metrics = await (await fetch(`${system.bridge.url}/metrics`)).text();
    const audit = await (await call('/audit', 'GET', bearer(OPERATE))).text();
    for (const secret of [READ, OPERATE]) {
      expect(system.bridge.output.includes(secret)).toBe(false);
      expect(metrics.includes(secret)).toBe(false);
      expect(audit.includes(secret)).toBe(false);
    }
  });

  it('bounds the requests of each token', async () => {
    const statuses: number[] = [];
    let last: Response | undefined;
    for (let count = 0; count < 400 && last?.status !== 429; count += 1) {
      last = await call('/portals', 'GET', bearer(READ));
      statuses.push(last.status);
    }
    expect(last?.status).toBe(429);
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call('/portals', 'GET', bearer(OPERATE))).status).toBe(200);
  });

  it('answers a request that smuggles another with one refusal', async () => {
    const { hostname, port } = new URL(system.bridge.url);
    const socket = connect(Number(port), hostname);
    socket.end(
      `POST /api/v1/events/retry HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${OPERATE}\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/audit HTTP/1.1\r\n\r\n`,
    );
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
