import { connect, type Socket } from 'node:net';
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf } from '../support/before-install.js';

/** On a machine that does five other things. */
const SLOW_START_MS = 60_000;
const TOTAL = 60;
const PER_ADDRESS = 20;
const PROXY = '127.1.0.1';
/** Before Node gives up who is slow, which takes 10 s and more. */
const AT_ONCE_MS = 5000;
const PATHS = ['/health/live', '/health/ready', '/metrics'];

describe('whoever holds all connections that he may have', () => {
  let system: TestSystem;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    system = await TestSystem.prepare({
      settings: {
        HTTP_MAX_CONNECTIONS: String(TOTAL),
        HTTP_MAX_CONNECTIONS_PER_ADDRESS: String(PER_ADDRESS),
        HTTP_TRUSTED_PROXIES: PROXY,
        B24_DOMAIN: '',
        B24_REFRESH_TOKEN: '',
      },
    });
    system.bridge.start();
    await system.bridge.logged('bridge.no_portal', SLOW_START_MS);
  }, SLOW_START_MS);
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await system?.close();
  });

  /** Opens connections and says `words` on each, which is never a whole request. */
  const hold = async (from: string, count: number, words: string): Promise<Socket[]> => {
    const opened = Array.from({ length: count }, () => {
      const socket = connect({
        port: Number(new URL(system.bridge.url).port),
        host: '127.0.0.1',
        localAddress: from,
      });
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      socket.resume();
      sockets.add(socket);
      return socket;
    });
    await Promise.all(
      opened.map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.once('connect', () => socket.write(words, () => resolve()));
            socket.once('close', () => resolve());
          }),
      ),
    );
    return opened;
  };
  const ask = (path: string, from: string): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      get(new URL(path, system.bridge.url), { agent: false, localAddress: from }, (answer) => {
        let body = '';
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      }).on('error', reject);
    });
  const expectAnswers = async (from: string) => {
    for (const path of PATHS) expect([path, (await ask(path, from)).status]).toEqual([path, 200]);
  };
  const openOf = (opened: readonly Socket[]) => opened.filter((socket) => !socket.destroyed).length;

  it.each([
    ['says nothing', ''],
    ['never ends its headers', 'GET / HTTP/1.1\r\nX: '],
    [
      'never sends its body',
      'POST /bitrix24/install HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\na=1',
    ],
  ])('keeps nobody out, behind the same address neither: one that %s', async (_what, words) => {
    const held = await hold('127.0.0.2', 3 * PER_ADDRESS, words);
    await until('some to be closed', () => openOf(held) <= PER_ADDRESS, AT_ONCE_MS);
    await expectAnswers('127.0.0.1');
    await expectAnswers('127.0.0.2');
    for (const socket of held) socket.destroy();
  });

  it('from many addresses keeps nobody out', async () => {
    const held: Socket[] = [];
    for (let address = 10; address < 20; address += 1) {
      held.push(...(await hold(`127.0.0.${address}`, PER_ADDRESS, 'GET / HTTP/1.1\r\n')));
    }
    await until('some to be closed', () => openOf(held) <= TOTAL, AT_ONCE_MS);
    await expectAnswers('127.0.0.1');
    // A text that took long to write is shared for seconds: the first may be from before.
    let body = '';
    await until('the refused to be counted', async () => {
      ({ body } = await ask('/metrics', '127.0.0.1'));
      return Number(/^bridge_http_refused_total\{reason="connections"\} (\d+)$/m.exec(body)?.[1]) > 100;
    });
    expect(Number(/^bridge_http_connections (\d+)$/m.exec(body)?.[1])).toBeLessThanOrEqual(TOTAL);
    expect(linesOf(system.bridge, 'http.refused').length).toBeLessThanOrEqual(3);
    for (const socket of held) socket.destroy();
  });

  it('through a trusted proxy has more than one address may, and leaves some to those who come directly', async () => {
    const held = await hold(PROXY, PER_ADDRESS + 20, 'GET / HTTP/1.1\r\n');
    await expectAnswers(PROXY);
    expect(openOf(held)).toBe(PER_ADDRESS + 20);
    held.push(...(await hold(PROXY, TOTAL, 'GET / HTTP/1.1\r\n')));
    await until('some to be closed', () => openOf(held) <= TOTAL * 0.9, AT_ONCE_MS);
    await expectAnswers('127.0.0.1');
    for (const socket of held) socket.destroy();
  });
});
