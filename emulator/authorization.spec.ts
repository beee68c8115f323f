import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';

describe('who asks', () => {
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let token: string;

  beforeEach(async () => {
    emulator = await startEmulator({ endpointStyle: 'path' });
    portal = emulator.addPortal({ name: 'acme' });
    token = portal.issueAccessToken();
  });

  afterEach(() => emulator.close());

  async function ask(url: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { error?: string; result?: unknown };
    return { status: response.status, ...answer };
  }
  const get = (body: unknown, headers: Record<string, string> = {}) =>
    ask(`${portal.clientEndpoint}event.get`, body, headers);
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

  it('takes a bearer token from the header, and it beats the parameter', async () => {
    expect(await get({}, bearer(token))).toMatchObject({ status: 200, result: [] });
    expect(await get({}, { authorization: `bEaReR   ${token}` })).toMatchObject({ status: 200 });
    expect(await get({ auth: 'wrong' }, bearer(token))).toMatchObject({ status: 200 });
    expect(await get({ auth: token }, bearer('wrong'))).toMatchObject({
      status: 401,
      error: 'invalid_token',
    });
  });

  it('looks at no other kind of authorization', async () => {
    expect(await get({ auth: token }, { authorization: 'Basic eDp5' })).toMatchObject({ status: 200 });
    expect(await get({}, { authorization: `Basic ${token}` })).toMatchObject({ error: 'NO_AUTH_FOUND' });
    expect(await get({}, { authorization: token })).toMatchObject({ error: 'NO_AUTH_FOUND' });
  });

  it('takes the token from auth, then from access_token', async () => {
    expect(await get({ access_token: token })).toMatchObject({ status: 200 });
    expect(await get({ auth: 'wrong', access_token: token })).toMatchObject({ error: 'invalid_token' });
    expect(await get({ auth: '', access_token: token })).toMatchObject({ error: 'NO_AUTH_FOUND' });
  });

  it.each([[[]], [{}], [{ access_token: 'x' }], [['x']], [123], [true], [null]])(
    'counts %j in auth as absent',
    async (auth) => {
      expect(await get({ auth })).toMatchObject({ status: 401, error: 'NO_AUTH_FOUND' });
      expect(await get({ auth, access_token: token })).toMatchObject({ status: 200 });
    },
  );

  it('counts an array in a form’s auth as absent', async () => {
    const response = await fetch(`${portal.clientEndpoint}event.get`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `auth[]=${token}`,
    });
    expect(await response.json()).toMatchObject({ error: 'NO_AUTH_FOUND' });
  });

  it('applies a bearer token of a batch to all of its commands', async () => {
    const cmd = { a: 'event.get', b: 'event.offline.list?auth=wrong' };
    const answer = await ask(`${portal.clientEndpoint}batch`, { cmd }, bearer(token));
    expect(answer.result).toMatchObject({ result: { a: [], b: [] }, result_error: [] });
  });

  it.each(['1/wrong', '2/SECRET', '01/SECRET'])('refuses the webhook %s, whatever is asked', async (key) => {
    const root = portal.clientEndpoint + key.replace('SECRET', portal.webhook.secret);
    const refused = { status: 401, error: 'INVALID_CREDENTIALS' };
    expect(await ask(`${root}/server.time`, {})).toMatchObject(refused);
    expect(await ask(`${root}/event.offline.get`, {})).toMatchObject(refused);
    expect(await ask(`${root}/server.time`, { auth: token }, bearer(token))).toMatchObject(refused);
    expect(portal.counters.refusals).toEqual({ INVALID_CREDENTIALS: 3 });
  });

  it('lets a webhook do what needs no application, also in a batch', async () => {
    const root = portal.webhookEndpoint;
    expect(await ask(`${root}server.time`, {})).toMatchObject({ status: 200 });
    const wrong = { status: 403, error: 'WRONG_AUTH_TYPE' };
    for (const method of ['event.offline.get', 'event.offline.error', 'event.bind', 'event.get']) {
      expect(await ask(`${root}${method}`, {})).toMatchObject(wrong);
    }
    const answer = await ask(`${root}batch`, { cmd: { a: 'event.offline.get', b: 'server.time' } });
    expect(answer.result).toMatchObject({
      result: { b: expect.any(String) },
      result_error: { a: { error: 'WRONG_AUTH_TYPE' } },
    });
  });

  it('asks for the plan’s feature only where there is a source key', async () => {
    portal.setFeatures({ connector: false });
    expect(await get({ auth: token, auth_connector: '' })).toMatchObject({ status: 200 });
    const refused = { status: 403, error: 'WRONG_LICENSE' };
    expect(await get({ auth: token, auth_connector: 'erp' })).toMatchObject(refused);
    expect(await ask(`${portal.webhookEndpoint}server.time`, { auth_connector: 'erp' })).toMatchObject({
      status: 200,
    });
  });

  it('tells its own time with its offset, to the second', async () => {
    const clock = Date.parse('2024-07-18T10:32:31.400Z');
    const still = await startEmulator({ now: () => clock, endpointStyle: 'path' });
    try {
      const west = still.addPortal({ name: 'west', utcOffset: '-03:30' });
      const answer = await ask(`${west.webhookEndpoint}server.time`, {});
      expect(answer.result).toBe('2024-07-18T07:02:31-03:30');
    } finally {
      await still.close();
    }
  });
});
