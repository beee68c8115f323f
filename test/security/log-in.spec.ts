import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOG_INS_IN_PERIOD } from '../../src/http/log-in-accounts.js';
import { TestSystem } from '../support/test-system.js';
import { type Answer, Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
const PROXY = '127.0.7.1';
/** In the trusted range, and no proxy. */
const NEIGHBOUR = '127.0.7.66';
const SLOW_MS = 120_000;

/** The service with these settings, and no portal. */
async function serve(settings: Record<string, string>): Promise<TestSystem> {
  const system = await TestSystem.prepare({
    settings: { DASHBOARD_PASSWORD: PASSWORD, ...settings, B24_DOMAIN: '', B24_REFRESH_TOKEN: '' },
  });
  system.bridge.start();
  await system.bridge.logged('bridge.no_portal', SLOW_MS);
  return system;
}

const guess = (visitor: Visitor, password = 'a wrong password'): Promise<Answer> =>
  visitor.post('/log-in', [['password', password]]);

/** Tries wrong passwords; how many of them were looked at. */
async function guesses(visitors: Iterable<Visitor>): Promise<number> {
  let lookedAt = 0;
  for (const visitor of visitors) {
    await visitor.get('/log-in');
    const { status } = await guess(visitor);
    if (status !== 403 && status !== 429) throw new Error(`a wrong password is answered ${status}`);
    if (status === 403) lookedAt += 1;
  }
  return lookedAt;
}

describe('guessing the password of the dashboard', () => {
  let system: TestSystem;
  const visitor = (from: string, headers?: Record<string, string>) =>
    new Visitor(system.bridge.url, from, headers);
  const by = (from: string, forwardedFor: string) => visitor(from, { 'x-forwarded-for': forwardedFor });
  const times = (count: number, make: (index: number) => Visitor) =>
    Array.from({ length: count }, (_, i) => make(i));

  beforeAll(async () => {
    system = await serve({
      DASHBOARD_PROXY_HEADER: 'X-Forwarded-User',
      HTTP_TRUSTED_PROXIES: '127.0.7.0/24',
    });
  }, SLOW_MS);
  afterAll(() => system?.close());

  it('does not count what brings no form of ours, so that no other site can use up attempts', async () => {
    const person = visitor('127.0.1.1');
    await person.get('/log-in');
    const token = ['formToken', person.formToken()] as const;
    const wrong = ['password', 'a wrong password'] as const;
    const elsewhere = visitor('127.0.1.1', { 'sec-fetch-site': 'same-site' });
    for (const [name, value] of person.cookies) elsewhere.cookies.set(name, value);
    for (let count = 0; count <= LOG_INS_IN_PERIOD; count += 1) {
      expect((await person.send('POST', '/log-in', [wrong])).status).toBe(403);
      expect((await person.send('POST', '/log-in', [['formToken', 'x'], wrong])).status).toBe(403);
      // Without the cookie that the token belongs to, as a form on another site is sent.
      expect((await visitor('127.0.1.1').send('POST', '/log-in', [token, wrong])).status).toBe(403);
      // With cookies, from a site under the same domain.
      expect((await elsewhere.send('POST', '/log-in', [token, wrong])).status).toBe(403);
    }
    expect((await guess(person, PASSWORD)).status).toBe(303);
  });

  it('stops after ten, however many are sent at once', async () => {
    const attackers = times(25, () => visitor('127.0.1.2'));
    await Promise.all(attackers.map((attacker) => attacker.get('/log-in')));
    const answers = await Promise.all(attackers.map((attacker) => guess(attacker)));
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(LOG_INS_IN_PERIOD);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(25 - LOG_INS_IN_PERIOD);
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(200);
    expect(refused[0]?.body).toContain('Too many attempts. Try again in 5 minutes.');
    // Nor does the right one get in: otherwise it could be guessed on.
    const [attacker] = attackers;
    expect((await guess(attacker!, PASSWORD)).status).toBe(429);
  });

  it('shuts out neither sessions, nor browsers that were in before, nor users of the proxy', async () => {
    const at = '127.0.1.3';
    const person = visitor(at);
    await person.logIn(PASSWORD);
    const worker = visitor(at);
    await worker.logIn(PASSWORD);
    expect(await guesses(times(13, () => visitor(at)))).toBe(LOG_INS_IN_PERIOD);
    expect((await visitor(at).logIn(PASSWORD)).status).toBe(429);

    expect((await person.get('/')).status).toBe(200);
    expect((await worker.post('/events/retry')).status).not.toBe(429);
    // The session is over, as after a night; the browser is the same.
    person.cookies.delete('bridge_session');
    expect((await person.get('/')).status).toBe(303);
    expect((await person.logIn(PASSWORD)).status).toBe(303);
    expect((await person.get('/')).status).toBe(200);

    expect(await guesses(times(13, () => visitor(PROXY)))).toBe(LOG_INS_IN_PERIOD);
    const ada = visitor(PROXY, { 'x-forwarded-user': 'ada' });
    expect((await ada.get('/')).status).toBe(200);
    await ada.get('/log-in');
    const answer = await guess(ada);
    expect([answer.status, answer.headers.location]).toEqual([303, '/']);
  });

  it('is bounded for a known browser too, and no other browser can be taken for it', async () => {
    const person = visitor('127.0.1.4');
    await person.logIn(PASSWORD);
    const cookie = person.cookies.get('bridge_browser') ?? '';
    expect(cookie).not.toBe('');
    const copies = times(13, () => {
      const copy = visitor('127.0.1.5');
      copy.cookies.set('bridge_browser', cookie);
      return copy;
    });
    expect(await guesses(copies)).toBe(LOG_INS_IN_PERIOD);
    const forged = times(13, (index) => {
      const attacker = visitor('127.0.1.6');
      attacker.cookies.set('bridge_browser', `${cookie.slice(0, -3)}${100 + index}`);
      return attacker;
    });
    expect(await guesses(forged)).toBe(LOG_INS_IN_PERIOD);
    // A session is signed for something else.
    const sessions = times(13, () => {
      const attacker = visitor('127.0.1.7');
      attacker.cookies.set('bridge_browser', person.cookies.get('bridge_session') ?? '');
      return attacker;
    });
    expect(await guesses(sessions)).toBe(LOG_INS_IN_PERIOD);
  });

  it.each([
    ['what the visitor claims', (index: number) => `198.51.100.${index}, 203.0.113.1`],
    ['many claims', (index: number) => `${'192.0.2.1,'.repeat(500)} 198.51.100.${index},203.0.113.2`],
    ['garbage', (index: number) => `unknown, <${index}>, ,, 127.0.7.9x, 203.0.113.3`],
    ['ports', (index: number) => `203.0.113.4:${1000 + index}`],
    ['addresses of one network', (index: number) => `2001:db8:1:2::${index}`],
    ['spellings and zones', (index: number) => `[2001:DB8:0:3:${index}::1%eth${index}]:80`],
    ['IPv4 in IPv6', (index: number) => (index % 2 === 0 ? '203.0.113.5' : '::ffff:203.0.113.5')],
  ])('behind a proxy counts by the address that the proxy saw, not by %s', async (what, header) => {
    const proxy = `127.0.7.${100 + what.length}`;
    expect(await guesses(times(13, (index) => by(proxy, header(index))))).toBe(LOG_INS_IN_PERIOD);
    // And nobody else's attempts.
    expect((await by(proxy, '203.0.113.77').logIn(PASSWORD)).status).toBe(303);
  });

  it('from within the trusted range gains nothing by naming other addresses', async () => {
    const direct = times(25, (index) => by(NEIGHBOUR, `198.51.100.${index}`));
    expect(await guesses(direct)).toBe(2 * LOG_INS_IN_PERIOD);
    // By the proxy, which adds the neighbour's own address; all of it in the range.
    const insider = '127.0.7.67';
    const proxied = times(25, (index) => by('127.0.7.2', `198.51.100.${index}, ${insider}`));
    expect(await guesses(proxied)).toBe(2 * LOG_INS_IN_PERIOD);
    const unreadable = times(13, (index) => by('127.0.7.68', `garbage-${index}`));
    expect(await guesses(unreadable)).toBe(LOG_INS_IN_PERIOD);
    // Others come by other proxies.
    expect((await by('127.0.7.3', '198.51.100.1').logIn(PASSWORD)).status).toBe(303);
  });
});

describe('behind a proxy that is not declared', () => {
  let system: TestSystem;
  const UNDECLARED = '127.0.8.1';
  const visitor = (headers: Record<string, string>) => new Visitor(system.bridge.url, UNDECLARED, headers);
  beforeAll(async () => {
    system = await serve({});
  }, SLOW_MS);
  afterAll(() => system?.close());

  it('the page and the log say so', async () => {
    const words = 'came through a proxy that <code>HTTP_TRUSTED_PROXIES</code> does not name';
    for (const header of ['x-forwarded-for', 'x-forwarded-proto', 'x-real-ip', 'forwarded']) {
      expect((await visitor({ [header]: '203.0.113.1' }).get('/log-in')).body).toContain(words);
    }
    expect((await visitor({}).get('/log-in')).body).not.toContain(words);
    const { level, message } = await system.bridge.logged('dashboard.undeclared_proxy');
    expect([level, message['from']]).toEqual(['warn', UNDECLARED]);
    // Once, and not for every request that somebody forges.
    const said = system.bridge.lines.filter((line) => line.message?.event === 'dashboard.undeclared_proxy');
    expect(said).toHaveLength(1);
  });

  it('one visitor cannot shut out the others, and nobody gains attempts by claims', async () => {
    const attacker = () => visitor({ 'x-forwarded-for': '203.0.113.66' });
    const lookedAt = await guesses(Array.from({ length: 13 }, attacker));
    expect(lookedAt).toBeLessThan(LOG_INS_IN_PERIOD);
    expect((await visitor({ 'x-forwarded-for': '203.0.113.7' }).logIn(PASSWORD)).status).toBe(303);
    const liar = (_: unknown, index: number) => visitor({ 'x-forwarded-for': `198.51.100.${index}` });
    expect(lookedAt + (await guesses(Array.from({ length: 13 }, liar)))).toBe(LOG_INS_IN_PERIOD);
  });
});
