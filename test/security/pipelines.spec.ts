import { connect, type Socket } from 'node:net';
import { get } from 'node:http';
import { setTimeout as rest } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf } from '../support/before-install.js';
import { Visitor } from '../support/visitor.js';
import { computedMs } from '../support/watch.js';
import { inForm } from '../support/form.js';

const PASSWORD = 'correct horse battery';
/** On a machine that does five other things. */
const SLOW_START_MS = 60_000;
const REQUESTS = inForm({ full: 1700, small: 550 });
/**
 * What the service may compute while somebody else waits, however long that takes on a busy machine. Promised are 100 ms
 * of a wait; read as Node reads them, 1700 requests take 1.3 s and more, a third of them a third of it.
 */
const STALL_MS = inForm({ full: 400, small: 260 });
const MEDIAN_MS = 100;
const LOOK_EVERY_MS = 10;
const QUIET_LOOKS = 10;
/** So many requests of one connection are answered. */
const OF_ONE_CONNECTION = 200;

const text = (method: string, path: string, headers: readonly string[] = [], body = '') =>
  [`${method} ${path} HTTP/1.1`, 'Host: x', ...headers, '', body].join('\r\n');
const forged = `event=ONAPPINSTALL&auth[refresh_token]=${'a'.repeat(70)}&auth[member_id]=${'b'.repeat(32)}`;
const KINDS: Readonly<Record<string, string>> = {
  'the first page': text('GET', '/'),
  readiness: text('GET', '/health/ready'),
  metrics: text('GET', '/metrics'),
  installations: text(
    'POST',
    '/bitrix24/install',
    ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${forged.length}`],
    forged,
  ),
  'the log-in': text('GET', '/log-in'),
  'unknown paths': text('GET', '/wp-login.php'),
};

interface Sender {
  readonly socket: Socket;
  readonly answers: () => number;
  readonly isClosed: () => boolean;
}

describe('requests behind each other', () => {
  let system: TestSystem<BridgeProcess>;
  let senders: Sender[] = [];
  beforeAll(async () => {
    system = await TestSystem.prepare({
      process: true,
      settings: { DASHBOARD_PASSWORD: PASSWORD, B24_DOMAIN: '', B24_REFRESH_TOKEN: '' },
    });
    system.bridge.start();
    await system.bridge.logged('bridge.no_portal', SLOW_START_MS);
  }, SLOW_START_MS);
  afterAll(() => system?.close());

  const send = (requests: readonly string[]): Sender => {
    const socket = connect({
      port: Number(new URL(system.bridge.url).port),
      host: '127.0.0.1',
      localAddress: '127.0.0.9',
    });
    let answers = 0;
    let closed = false;
    socket.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf('HTTP/1.1 '); at >= 0; at = chunk.indexOf('HTTP/1.1 ', at + 1))
        answers += 1;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => (closed = true));
    socket.write(requests.join(''));
    const sender = { socket, answers: () => answers, isClosed: () => closed };
    senders.push(sender);
    return sender;
  };
  /** What is computed while somebody else waits for `/health/live`, ms, again and again until all senders have answers. */
  const waits = async (): Promise<number[]> => {
    const found: number[] = [];
    const end = Date.now() + 30_000;
    let quiet = 0;
    let before = -1;
    while (quiet < QUIET_LOOKS && Date.now() < end) {
      const computed = computedMs(system.bridge.pid);
      await new Promise<void>((resolve, reject) => {
        get(new URL('/health/live', system.bridge.url), { agent: false }, (answer) => {
          expect(answer.statusCode).toBe(200);
          answer.resume().on('end', resolve);
        }).on('error', reject);
      });
      found.push(computedMs(system.bridge.pid) - computed);
      const answers = senders.reduce((sum, each) => sum + each.answers(), 0);
      quiet = answers === before ? quiet + 1 : 0;
      before = answers;
      await rest(LOOK_EVERY_MS);
    }
    return found.sort((left, right) => left - right);
  };
  const expectNoStall = (found: readonly number[]) => {
    expect(found.at(-1)).toBeLessThan(STALL_MS);
    expect(found[Math.floor(found.length / 2)]).toBeLessThan(MEDIAN_MS);
  };
  const over = () => {
    for (const { socket } of senders) socket.destroy();
    senders = [];
  };

  /** The attack holds up nobody, and ends as `after` says. */
  const expectWithoutStall = async (attack: () => void, after: () => Promise<void>) => {
    attack();
    const found = await waits();
    await after();
    over();
    expectNoStall(found);
  };

  it.each(Object.keys(KINDS))('on one connection hold up nobody else: %s', async (kind) => {
    const request = KINDS[kind] ?? '';
    await expectWithoutStall(
      () => send(Array.from({ length: REQUESTS }, () => request)),
      async () => {
        const [sender] = senders;
        await until('the end of the connection', () => sender?.isClosed() === true);
        expect(sender?.answers()).toBeGreaterThanOrEqual(OF_ONE_CONNECTION);
        expect(sender?.answers()).toBeLessThan(OF_ONE_CONNECTION + 100);
      },
    );
  });

  it.each([...Object.keys(KINDS), 'all of these'])(
    'on fifty connections hold up nobody else, and are answered: %s',
    async (kind) => {
      const all = Object.values(KINDS);
      const each = REQUESTS / 50;
      await expectWithoutStall(
        () => {
          for (let number = 0; number < 50; number += 1) {
            send(
              Array.from({ length: each }, (_each, index) => KINDS[kind] ?? all[index % all.length] ?? ''),
            );
          }
        },
        () => until('all answers', () => senders.every(({ answers }) => answers() === each), 30_000),
      );
    },
  );

  it('are answered in their order, those too that are refused at once', async () => {
    const sender = send(
      ['/health/live', '/nowhere', '/health/ready', '/', '/nowhere'].map((path) => text('GET', path)),
    );
    let answer = '';
    sender.socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    await until('five answers', () => sender.answers() === 5);
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([200, 404, 200, 303, 404]);
    over();
  });

  it.each([
    ['an unknown path', text('GET', '/wp-login.php'), 404],
    ['a method that nothing here has', text('DELETE', '/health/live'), 405],
    ['an endless address', text('GET', `/log-in?to=${'x'.repeat(5000)}`), 414],
    ['a body of a GET', text('GET', '/health/live', ['Content-Length: 5'], 'hello'), 400],
    ['a body in pieces of a GET', text('GET', '/metrics', ['Transfer-Encoding: chunked'], '0\r\n\r\n'), 400],
  ])('are refused before the application is asked: %s', async (_what, request, status) => {
    const sender = send([request]);
    let answer = '';
    sender.socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    await until('an answer', () => answer.includes(`"statusCode":${status}}`));
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain('X-Content-Type-Options: nosniff');
    over();
  });

  it('leave one line a minute, and are counted', async () => {
    let body = '';
    const refused = (reason: string) =>
      Number(new RegExp(`^bridge_http_refused_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(body)?.[1]);
    // Whether one too many is read before its connection ends is not the same on every machine.
    await until(
      'a request too many, and the others in the figures',
      async () => {
        ({ body } = await system.get('/metrics'));
        if (refused('requests') > 0) return refused('body') >= 2;
        const sender = send(Array.from({ length: REQUESTS }, () => text('GET', '/health/live')));
        await until('the end of the connection', () => sender.isClosed());
        return false;
      },
      60_000,
    );
    over();
    expect(refused('path')).toBeGreaterThan(REQUESTS);
    for (const reason of ['method', 'url', 'requests']) expect(refused(reason)).toBeGreaterThan(0);
    expect(refused('body')).toBe(2);
    const minutes = Math.ceil(process.uptime() / 60);
    expect(linesOf(system.bridge, 'http.refused').length).toBeGreaterThan(0);
    expect(linesOf(system.bridge, 'http.refused').length).toBeLessThanOrEqual(minutes + 1);
  });

  it('for streams of the dashboard are bounded for one session', async () => {
    const person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1) {
      const sender = send([text('GET', '/live', [`Cookie: ${cookie}`])]);
      sender.socket.once('data', (chunk: Buffer) =>
        statuses.push(Number(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString('latin1'))?.[1])),
      );
    }
    await until('answers', () => statuses.length === 12);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    over();
    // Who closes some may open others.
    await until('a stream', async () => {
      const sender = send([text('GET', '/live', [`Cookie: ${cookie}`])]);
      let answer = '';
      sender.socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      await until('an answer', () => answer !== '');
      return answer.startsWith('HTTP/1.1 200');
    });
    over();
  });
});
