import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';

const FORM = 'application/x-www-form-urlencoded';
const PATHS = ['/bitrix24/install', '/bitrix24/events'];

describe('a body that no portal sends', () => {
  let system: TestSystem;
  let address = 2;
  beforeAll(async () => {
    system = await openBeforeInstall({ settings: { HTTP_TRUSTED_PROXIES: '127.1.0.0/16' } });
    await install(system);
  });
  afterAll(() => system.close());

  /** Each from an address of its own, so that none is answered 429. */
  const send = (path: string, body: object | string, type?: string, headers: Record<string, string> = {}) =>
    post(system.bridge, path, body, {
      from: `127.0.1.${address++}`,
      headers,
      ...(type === undefined ? {} : { type }),
    });
  /** What an answer may say: never what was sent, nor where in our code it failed. */
  const harmless = (body: string) => {
    expect(body).not.toMatch(/node_modules|\bat .*:\d+|\.js\b|Error:|<html/);
    expect(body.length).toBeLessThan(600);
  };

  it.each([
    ['just over 64 KiB, as a form', 'x'.repeat(64 * 1024 + 1), FORM],
    ['just over 64 KiB, as JSON', JSON.stringify({ event: 'x'.repeat(64 * 1024) }), 'application/json'],
    ['5 MB', 'x'.repeat(5_000_000), FORM],
  ])('(%s) is answered 413', async (_what, body, type) => {
    for (const path of PATHS) {
      const answer = await send(path, body, type);
      expect(answer.status).toBe(413);
      harmless(answer.body);
    }
  });

  it('sent in pieces without a length is answered 413 all the same', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = request(
        new URL('/bitrix24/events', system.bridge.url),
        { method: 'POST', agent: false, headers: { 'content-type': FORM } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      outgoing.on('error', reject);
      const piece = 'y'.repeat(16 * 1024);
      for (let index = 0; index < 64; index += 1) outgoing.write(piece);
      outgoing.end();
    });
    expect(status).toBe(413);
  });

  it('of 64 KiB exactly is read', async () => {
    const auth = new URLSearchParams({ event: 'ONOFFLINEEVENT' });
    for (const [name, value] of Object.entries(authOf(system.portal))) auth.set(`auth[${name}]`, value);
    const start = `${auth.toString()}&data=`;
    const { status } = await send('/bitrix24/events', start + 'z'.repeat(64 * 1024 - start.length), FORM);
    expect(status).toBe(200);
  });

  const depth = 20_000;
  it.each<[string, string | object, string | undefined]>([
    ['nothing', '', FORM],
    ['nothing at all, as JSON', '', 'application/json'],
    ['no JSON', '{"event":', 'application/json'],
    ['JSON of another kind', '[1,2,3]', 'application/json'],
    ['null', 'null', 'application/json'],
    ['a number', '7', 'application/json'],
    ['deeply nested brackets', `event=ONAPPINSTALL&auth${'[a]'.repeat(depth)}=1`, FORM],
    ['deeply nested JSON', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'application/json'],
    ['deeply nested objects', `${'{"auth":'.repeat(7000)}1${'}'.repeat(7000)}`, 'application/json'],
    ['thousands of parameters', 'a=1&'.repeat(15_000), FORM],
    ['a sparse list', 'event=ONAPPINSTALL&auth[99999999]=1', FORM],
    ['lists for texts', 'event[]=ONAPPINSTALL&event[]=x&auth[refresh_token]=y', FORM],
    [
      'maps for texts',
      { event: 'ONAPPINSTALL', auth: { refresh_token: { $ne: null }, member_id: ['a'] } },
      undefined,
    ],
    ['an event without a sender', { event: 'ONOFFLINEEVENT', auth: {} }, undefined],
    [
      'an event whose sender shows nothing',
      { event: 'ONOFFLINEEVENT', auth: { member_id: 'a'.repeat(32) } },
      undefined,
    ],
    [
      'an installation without a token',
      { event: 'ONAPPINSTALL', auth: { member_id: 'a'.repeat(32) } },
      undefined,
    ],
    ['broken percent signs', 'event=%E0%A4%A&auth[member_id]=%zz&auth[application_token]=%', FORM],
    ['zero bytes', 'event=ONOFFLINEEVENT%00&auth[member_id]=a%00b&auth[application_token]=%00', FORM],
  ])('(%s) is answered 400', async (_what, body, type) => {
    for (const path of PATHS) {
      const answer = await send(path, body, type);
      expect(answer.status).toBe(400);
      harmless(answer.body);
    }
  });

  it.each(['text/plain', 'multipart/form-data; boundary=x', 'application/xml'])(
    'of type %s is answered 415',
    async (type) => {
      expect((await send('/bitrix24/events', 'event=x', type)).status).toBe(415);
    },
  );

  it('that is compressed is answered 415: it may be of any size', async () => {
    const answer = await send('/bitrix24/events', 'event=x', FORM, { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(415);
    harmless(answer.body);
  });

  it('cannot lend its fields to others through prototypes', async () => {
    const { memberId, applicationToken } = system.portal;
    const lending = [
      `__proto__[application_token]=${applicationToken}&constructor[prototype][application_token]=${applicationToken}`,
      `auth[__proto__][application_token]=${applicationToken}`,
      `auth[constructor][prototype][application_token]=${applicationToken}`,
    ];
    for (const fields of lending) {
      const body = `event=ONAPPUNINSTALL&auth[member_id]=${memberId}&${fields}`;
      expect((await send('/bitrix24/events', body)).status).toBe(400);
    }
    const inJson = [
      `{"event":"ONAPPUNINSTALL","auth":{"member_id":"${memberId}","__proto__":{"application_token":"${applicationToken}"}}}`,
      `{"event":"ONAPPUNINSTALL","__proto__":{"auth":{"member_id":"${memberId}","application_token":"${applicationToken}"}}}`,
      `{"event":"ONAPPUNINSTALL","auth":{"member_id":"${memberId}"},"constructor":{"prototype":{"application_token":"${applicationToken}"}}}`,
    ];
    for (const body of inJson) {
      expect((await send('/bitrix24/events', body, 'application/json')).status).toBe(400);
    }
    // Nothing has stuck.
    expect((await send('/bitrix24/events', `event=ONAPPUNINSTALL&auth[member_id]=${memberId}`)).status).toBe(
      400,
    );
    expect(portalRow(system.bridge, memberId)).toMatchObject({ state: 'active' });
  });

  it('cannot write lines into the log or headers into an answer', async () => {
    const nasty = '\r\nX-Injected: yes\r\n\r\n{"level":"error","event":"forged"}';
    const before = system.bridge.lines.length;
    const answers = [
      await send('/bitrix24/events', { event: `ONOFFLINEEVENT${nasty}`, auth: authOf(system.portal) }),
      await send('/bitrix24/events', {
        event: 'ONOFFLINEEVENT',
        auth: { member_id: `a${nasty}`, application_token: `b${nasty}` },
      }),
      await send('/bitrix24/install', { event: 'ONAPPINSTALL', auth: { refresh_token: `c${nasty}` } }),
      // In a form that passes: what a log shows of it is one value of one line.
      await send('/bitrix24/events', {
        event: 'ONOFFLINEEVENT',
        auth: { member_id: 'b'.repeat(32), application_token: '","event":"forged' },
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 403]);
    for (const { headers, body } of answers) {
      expect(headers['x-injected']).toBeUndefined();
      expect(body).not.toContain('Injected');
    }
    await until('the refusal', () => linesOf(system.bridge, 'notification.refused').length > 0);
    expect(system.bridge.lines.slice(before).some((line) => line.message.event === 'forged')).toBe(false);
  });

  it.each<[number, string, string | undefined, string]>([
    [413, 'x'.repeat(64 * 1024 + 1), FORM, 'too large'],
    [400, '{"event":"a-secret-of-its-sender', 'application/json', 'unreadable'],
    [
      400,
      'event=ONOFFLINEEVENT&auth[member_id]=a-secret-of-its-sender',
      FORM,
      'member_id is not of its form',
    ],
    [415, 'event=x', 'text/plain', 'unsupported media type'],
    [
      403,
      'event=ONOFFLINEEVENT&auth[member_id]=nobody1234&auth[application_token]=x',
      FORM,
      'unknown portal',
    ],
  ])('answered %d leaves one log line, which says why and from where', async (status, body, type, reason) => {
    const from = `127.0.3.${address++}`;
    const answer = await post(system.bridge, '/bitrix24/events', body, {
      from,
      ...(type === undefined ? {} : { type }),
    });
    expect(answer.status).toBe(status);
    const seen = () => system.bridge.lines.filter((line) => line.message?.['from'] === from);
    await until('a line', () => seen().length > 0);
    expect(seen()).toHaveLength(1);
    expect(String(seen()[0]?.message['reason']).toLowerCase()).toContain(reason);
    expect(system.bridge.output).not.toContain('a-secret-of-its-sender');
  });

  it('is counted like any other that proves nothing: 429 from the 61st on, which one line a minute tells', async () => {
    const from = '127.0.4.1';
    const ask = () => post(system.bridge, '/bitrix24/events', '{', { from, type: 'application/json' });
    const statuses: number[] = [];
    for (let count = 0; count < 80; count += 1) statuses.push((await ask()).status);
    expect(statuses).toEqual(statuses.map((_status, index) => (index < 60 ? 400 : 429)));
    const seen = (event: string) =>
      linesOf(system.bridge, event).filter((line) => line.message['from'] === from);
    await until('lines', () => seen('notification.throttled').length > 0);
    expect(seen('notification.malformed')).toHaveLength(60);
    expect(seen('notification.throttled')).toHaveLength(1);
  });

  it('is logged with the address it came from, as a trusted proxy tells it and nobody else', async () => {
    const ask = (from: string, forwarded: string) =>
      post(
        system.bridge,
        '/bitrix24/events',
        { event: 'ONOFFLINEEVENT', auth: { member_id: 'f'.repeat(32), application_token: 'x' } },
        { from, headers: { 'x-forwarded-for': forwarded } },
      );
    expect((await ask('127.0.2.1', '203.0.113.7')).status).toBe(403);
    expect((await ask('127.1.0.1', '203.0.113.8')).status).toBe(403);
    const seen = () => linesOf(system.bridge, 'notification.refused').map((line) => line.message['from']);
    await until('both', () => seen().includes('203.0.113.8'));
    expect(seen()).toContain('127.0.2.1');
    expect(seen()).not.toContain('203.0.113.7');
  });

  it('and notifications that prove nothing do not keep a portal from installing from the same address', async () => {
    const from = '127.0.5.1';
    const auth = { member_id: 'f'.repeat(32), application_token: 'x' };
    const refused: number[] = [];
    for (let count = 0; count < 62; count += 1) {
      refused.push(
        (await post(system.bridge, '/bitrix24/events', { event: 'ONOFFLINEEVENT', auth }, { from })).status,
      );
    }
    expect(refused.at(-1)).toBe(429);
    const newcomer = system.emulator.addPortal({ name: 'newcomer' });
    const given = { ...authOf(newcomer), refresh_token: newcomer.issueRefreshToken() };
    const installed = await post(
      system.bridge,
      '/bitrix24/events',
      { event: 'ONAPPINSTALL', auth: given },
      { from },
    );
    expect(installed.status).toBe(200);
  });

  it('and whatever else was sent here left the portal as it was', async () => {
    expect((await system.get('/bitrix24/events')).status).toBe(404);
    system.push(1, 3);
    await until('events', () => system.delivered().size === 3);
    expect(system.bridge.output).not.toContain('Unhandled');
    expect((await system.get('/health/ready')).status).toBe(200);
  });
});
