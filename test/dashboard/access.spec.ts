import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOG_INS_IN_PERIOD } from '../../src/http/log-in-accounts.js';
import { TestSystem } from '../support/test-system.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
const PROXY = '127.0.0.2';
/** On a machine that does five other things. */
const SLOW_START_MS = 60_000;
const SOMEBODY = '127.0.0.9';

/** The service with these settings, and no portal. */
async function serve(settings: Record<string, string>): Promise<TestSystem> {
  const system = await TestSystem.prepare({
    settings: { ...settings, B24_DOMAIN: '', B24_REFRESH_TOKEN: '' },
  });
  system.bridge.start();
  await system.bridge.logged('bridge.no_portal', SLOW_START_MS);
  return system;
}

describe('the dashboard without a setting that opens it', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await serve({ DASHBOARD_PASSWORD: '' });
  }, SLOW_START_MS);
  afterAll(() => system?.close());

  it.each(['/', '/log-in', '/events', '/queues', '/live', '/assets/1/dashboard.js'])(
    'is not there: %s',
    async (path) => {
      const answer = await new Visitor(system.bridge.url).get(path);
      expect(answer.status).toBe(404);
      expect(answer.headers['set-cookie']).toBeUndefined();
    },
  );
});

describe('the dashboard', () => {
  let system: TestSystem;
  const visitor = (from?: string, headers?: Record<string, string>) =>
    new Visitor(system.bridge.url, from, headers);

  beforeAll(async () => {
    system = await serve({
      DASHBOARD_PASSWORD: PASSWORD,
      DASHBOARD_PROXY_HEADER: 'X-Forwarded-User',
      HTTP_TRUSTED_PROXIES: PROXY,
    });
  }, SLOW_START_MS);
  afterAll(() => system?.close());

  it('asks for the password, and leads back to where one wanted to go', async () => {
    const person = visitor();
    const refused = await person.get('/events?state=dead');
    expect([refused.status, refused.headers.location]).toEqual([303, '/log-in?to=%2Fevents%3Fstate%3Ddead']);
    await person.get('/log-in?to=%2Fevents%3Fstate%3Ddead');
    expect((await person.post('/log-in', [['password', 'correct horse batterY']])).status).toBe(403);
    expect((await person.get('/')).status).toBe(303);
    await person.get('/log-in');
    const answer = await person.post('/log-in', [
      ['password', PASSWORD],
      ['to', '/events?state=dead'],
    ]);
    expect([answer.status, answer.headers.location]).toEqual([303, '/events?state=dead']);
    expect((await person.get('/')).status).toBe(200);
    const [cookie] = person.setCookies.slice(-1);
    expect(cookie).toMatch(/^bridge_session=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    expect(system.bridge.output).not.toContain(PASSWORD);
  });

  it.each([
    '//elsewhere.example',
    '/\\elsewhere.example',
    'https://elsewhere.example',
    'javascript:alert(1)',
  ])('leads to no other site after the log-in: %s', async (to) => {
    const person = visitor('127.0.0.3');
    await person.get('/log-in');
    const answer = await person.post('/log-in', [
      ['password', PASSWORD],
      ['to', to],
    ]);
    expect([answer.status, answer.headers.location]).toEqual([303, '/']);
  });

  it('gives a log-in a new session, and ends it with the log-out', async () => {
    const person = visitor();
    await person.get('/log-in');
    const before = new Map(person.cookies);
    await person.post('/log-in', [['password', PASSWORD]]);
    const session = new Map(person.cookies);
    expect(session).not.toEqual(before);
    await person.get('/');
    expect((await person.post('/log-out')).headers.location).toBe('/log-in');
    expect(person.cookies.size).toBe(0);
    // A copy of the cookie is worth nothing any more.
    for (const [name, value] of session) person.cookies.set(name, value);
    expect((await person.get('/')).status).toBe(303);
  });

  it('believes no session that it did not sign, or that was signed for something else', async () => {
    const person = visitor();
    await person.logIn(PASSWORD);
    const [value = ''] = person.cookies.values();
    const [body = '', signature = ''] = value.split('.');
    const forged = JSON.parse(Buffer.from(body, 'base64url').toString()) as { expiresAt: number };
    forged.expiresAt += 1;
    for (const text of [
      `${Buffer.from(JSON.stringify(forged)).toString('base64url')}.${signature}`,
      `${body}.`,
      `${body}.${signature}x`,
      body,
      '',
      '.',
      'null.null',
    ]) {
      person.cookies.clear();
      person.cookies.set('bridge_session', text);
      expect([text, (await person.get('/')).status]).toEqual([text, 303]);
    }
  });

  it('does nothing for a form from elsewhere, logged in or not', async () => {
    const person = visitor();
    await person.logIn(PASSWORD);
    const other = visitor();
    await other.logIn(PASSWORD);
    await other.get('/');
    for (const path of [
      '/events/retry',
      '/events/discard',
      '/events/confirm/discard',
      '/portals/x/look',
      '/log-out',
    ]) {
      for (const fields of [[], [['formToken', ''] as const], [['formToken', other.formToken()] as const]]) {
        expect([path, (await person.send('POST', path, fields)).status]).toEqual([path, 403]);
      }
    }
    expect((await person.get('/')).status).toBe(200);
    // Nor can somebody be logged in without wanting it.
    const stranger = visitor();
    await stranger.get('/log-in');
    expect((await stranger.send('POST', '/log-in', [['password', PASSWORD]])).status).toBe(403);
    expect((await stranger.get('/')).status).toBe(303);
  });

  it('lets one address try a few passwords only, and others meanwhile in', async () => {
    const guesser = visitor(SOMEBODY);
    await guesser.get('/log-in');
    const statuses: number[] = [];
    for (let guess = 0; guess <= LOG_INS_IN_PERIOD; guess += 1) {
      statuses.push((await guesser.post('/log-in', [['password', `guess number ${guess}`]])).status);
    }
    expect(statuses).toEqual([...Array<number>(LOG_INS_IN_PERIOD).fill(403), 429]);
    expect((await guesser.post('/log-in', [['password', PASSWORD]])).status).toBe(429);
    expect((await visitor().logIn(PASSWORD)).status).toBe(303);
  });

  it('has pages that load, embed and send nothing but from and to itself', async () => {
    const person = visitor();
    await person.logIn(PASSWORD);
    for (const path of ['/log-in', '/', '/events', '/queues', '/nowhere', '/events/999']) {
      const { headers, body } = await person.get(path);
      if (path !== '/nowhere') {
        expect(headers['content-security-policy']).toBe(
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        );
        expect(headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-store',
          'x-frame-options': 'DENY',
        });
      }
      expect(body).not.toMatch(/<script(?![^>]*\ssrc="\/assets\/)|<style|\sstyle=|\son[a-z]+=|https?:\/\//);
    }
    const assets = /\/assets\/[0-9a-f]+/.exec((await person.get('/')).body)?.[0] ?? '';
    for (const name of ['dashboard.css', 'dashboard.js', 'idiomorph.js', 'icon.svg']) {
      const { status, headers } = await new Visitor(system.bridge.url).get(`${assets}/${name}`);
      expect([name, status]).toEqual([name, 200]);
      expect(headers['cache-control']).toContain('immutable');
    }
    expect((await person.get(`${assets}/..%2f..%2fmain.js`)).status).toBe(404);
  });

  it('believes the name that its proxy gives, and nobody else', async () => {
    const header = { 'x-forwarded-user': 'Ada <b>' };
    const outsider = visitor('127.0.0.1', header);
    expect((await outsider.get('/')).headers.location).toBe('/log-in');

    const ada = visitor(PROXY, header);
    const page = await ada.get('/');
    expect(page.status).toBe(200);
    expect(page.body).toContain('Ada &lt;b&gt;');
    expect((await ada.post('/events/retry')).headers.location).toBe('/');
    expect((await ada.get('/')).body).toContain('nothing was done');

    // Her session is worth nothing without the proxy's word, nor with its word for somebody else.
    for (const [name, value] of ada.cookies) outsider.cookies.set(name, value);
    expect((await outsider.get('/')).status).toBe(303);
    const eve = visitor(PROXY, { 'x-forwarded-user': 'Eve' });
    for (const [name, value] of ada.cookies) eve.cookies.set(name, value);
    expect((await eve.send('POST', '/events/retry', [['formToken', ada.formToken()]])).status).toBe(403);
    expect((await visitor(PROXY).get('/')).headers.location).toBe('/log-in');
  });

  it('keeps its cookies to https where the proxy says that it is', async () => {
    const person = visitor(PROXY, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' });
    await person.logIn(PASSWORD);
    expect((await person.get('/')).status).toBe(200);
    expect(person.setCookies.at(-1)).toMatch(/^__Host-bridge_session=.*; SameSite=Strict; Secure$/);
    // Not because somebody else says so.
    const outsider = visitor('127.0.0.1', { 'x-forwarded-proto': 'https' });
    await outsider.get('/log-in');
    expect(outsider.setCookies.at(-1)).not.toContain('Secure');
  });

  it('does not hold up the end of the service with its streams', async () => {
    const person = visitor();
    await person.logIn(PASSWORD);
    expect((await visitor().get('/live')).status).toBe(401);
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const stream = await fetch(`${system.bridge.url}/live`, { headers: { cookie } });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const read = stream.text();
    const startedAt = Date.now();
    expect(await system.bridge.stop()).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(9000);
    expect(await read).toContain('event: alive');
  });
});
