import { connect } from 'node:net';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
/** On a machine that does five other things. */
const SLOW_START_MS = 60_000;
const MAPPED = /^Mapped \{(\S+), (\S+)\} route/;
const SAYS_WHAT_IT_IS =
  /^(application\/json; charset=utf-8|text\/html; charset=utf-8|text\/plain; (version=0\.0\.4; )?charset=utf-8|application\/yaml; charset=utf-8|text\/event-stream|text\/(css|javascript); charset=utf-8|image\/svg\+xml)$/;

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly length: number;
}

describe('every answer of the HTTP port', () => {
  let system: TestSystem;
  let person: Visitor;
  beforeAll(async () => {
    system = await TestSystem.prepare({
      // It tells its routes where everything is told.
      settings: { DASHBOARD_PASSWORD: PASSWORD, LOG_LEVEL: 'debug', B24_DOMAIN: '', B24_REFRESH_TOKEN: '' },
    });
    system.bridge.start();
    await system.bridge.logged('bridge.no_portal', SLOW_START_MS);
    person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
  }, SLOW_START_MS);
  afterAll(() => system?.close());

  const cookies = () => [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  /** What begins an answer; a stream never ends. */
  const ask = (method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(system.bridge.url),
        { method, path, headers, agent: false },
        (answer) => {
          const { statusCode = 0, headers: given } = answer;
          let length = 0;
          const done = () => {
            resolve({ status: statusCode, headers: given, length });
            answer.destroy();
          };
          answer.on('data', (chunk: Buffer) => {
            length += chunk.length;
            if (given['content-type'] === 'text/event-stream') done();
          });
          answer.on('end', done);
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  const expectPlain = (what: string, { headers, length }: Answer) => {
    expect([what, headers['x-content-type-options']]).toEqual([what, 'nosniff']);
    if (length > 0) {
      expect([what, headers['content-type']]).toEqual([what, expect.stringMatching(SAYS_WHAT_IT_IS)]);
    }
  };

  it('forbids browsers to guess what it is, on every route and beside all of them', async () => {
    const routes = system.bridge.lines
      .map(({ text }) => MAPPED.exec(text))
      .filter((found) => found !== null)
      .map(([, path = '', method = '']) => ({ path, method }));
    expect(routes.length).toBeGreaterThan(15);
    const assets = /\/assets\/[0-9a-f]+/.exec((await person.get('/')).body)?.[0] ?? '';
    const paths = routes.map(({ method, path }) => ({
      method,
      path: path
        .replace('/assets/:version', assets)
        .replace(/:name$/, 'icon.svg')
        .replaceAll(/:[a-z]+/gi, '1'),
    }));
    const beside = [
      '/nowhere',
      '/nowhere.html',
      '/%',
      '/%ff',
      '//x',
      '/bitrix24',
      '/bitrix24/install/',
      '/health',
    ];
    for (const path of beside) paths.push({ method: 'GET', path }, { method: 'POST', path });
    for (const name of ['dashboard.css', 'dashboard.js', 'idiomorph.js', '..%2fmain.js']) {
      paths.push({ method: 'GET', path: `${assets}/${name}` });
    }
    const statuses = new Set<number>();
    for (const { method, path } of paths) {
      for (const each of new Set([method, 'HEAD', 'OPTIONS', 'DELETE', 'TRACE', 'PROPFIND'])) {
        // With and without whoever may see it.
        for (const headers of [{}, { cookie: cookies() }] as Record<string, string>[]) {
          const answer = await ask(each, path, headers);
          statuses.add(answer.status);
          expectPlain(`${each} ${path}`, answer);
        }
      }
    }
    // What is served, sent elsewhere, refused for lack of a log-in or a form, unknown, not readable.
    for (const status of [200, 303, 401, 403, 404, 400]) expect([...statuses]).toContain(status);
  });

  it.each([
    ['no request at all', 'hello\r\n\r\n', 400],
    ['a method that there is not', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['no host', 'GET /health/live HTTP/1.1\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n\r\n', 417],
    [
      'two lengths',
      'POST /bitrix24/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'a body that is too large',
      'POST /bitrix24/events HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n',
      413,
    ],
    [
      'a body that is packed',
      'POST /bitrix24/events HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx',
      415,
    ],
  ])('does so where it refuses %s', async (_what, text, status) => {
    const socket = connect(Number(new URL(system.bridge.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.write(text);
    // What was announced has to come before it is refused.
    if (status === 413) socket.write('x'.repeat(70_000));
    await until(`an answer to ${text.slice(0, 60)}`, () => answer.includes('\r\n\r\n'));
    socket.destroy();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [A-Za-z ]+\r\n`));
    expect(answer.toLowerCase()).toContain('\r\nx-content-type-options: nosniff\r\n');
    // A lone 0 is the end of a body in pieces that has none.
    const body = answer.split('\r\n\r\n')[1] ?? '';
    if (!['', '0'].includes(body))
      expect(answer.toLowerCase()).toContain('\r\ncontent-type: application/json; charset=utf-8\r\n');
  });

  it('puts no refusal into the middle of another answer', async () => {
    const socket = connect(Number(new URL(system.bridge.url).port), '127.0.0.1');
    let answer = '';
    let closed = false;
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => (closed = true));
    // A stream is under way when what follows it is no request.
    socket.write(`GET /live HTTP/1.1\r\nHost: x\r\nCookie: ${cookies()}\r\n\r\n`);
    await until('the stream', () => answer.includes('event: alive'));
    socket.write('nonsense\r\n\r\n');
    await until('the end of the connection', () => closed);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
