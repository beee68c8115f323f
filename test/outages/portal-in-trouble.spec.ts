import { afterAll, describe, expect, it } from '@jest/globals';
import { type Fault } from '../../emulator/index.js';
import { emptyPhpArray } from '../../emulator/php.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { ManyPortals } from './many-portals.js';
import { BACK_WITHIN_MS, seconds } from './outage.js';

/** What a portal answers to every request, and what the log says of it. */
const ANSWERS: Record<string, { fault: Omit<Fault, 'method'>; reason: RegExp }> = {
  webpage: { fault: { kind: 'html', status: 200 }, reason: /200 NOT_JSON/ },
  badgateway: { fault: { kind: 'html', status: 502 }, reason: /502 NOT_JSON/ },
  unavailable: { fault: { kind: 'html', status: 503 }, reason: /503 NOT_JSON/ },
  halved: { fault: { kind: 'truncated' }, reason: /200 NOT_JSON/ },
  failing: {
    fault: { kind: 'error', status: 500, error: 'INTERNAL_SERVER_ERROR' },
    reason: /500 INTERNAL_SERVER_ERROR/,
  },
  failinggateway: { fault: { kind: 'error', status: 502, error: 'BAD_GATEWAY' }, reason: /502 BAD_GATEWAY/ },
  failingservice: {
    fault: { kind: 'error', status: 503, error: 'SERVICE_UNAVAILABLE' },
    reason: /503 SERVICE_UNAVAILABLE/,
  },
  resetbefore: { fault: { kind: 'drop-before-commit' }, reason: /ECONNRESET|socket hang up/ },
  resetafter: { fault: { kind: 'drop-after-commit' }, reason: /ECONNRESET|socket hang up/ },
};
const OTHERS = ['fine', 'slow', 'refused', 'crowded'];
const SLOW_MS = 5000;
const TROUBLE_SECONDS = 4;

describe('portals in trouble', () => {
  let many: ManyPortals;
  let proxy: TcpProxy;
  const names = [...Object.keys(ANSWERS), ...OTHERS];
  const ends: (() => unknown)[] = [];
  const batches = () =>
    new Map(names.map((name) => [name, many.portal(name).counters.perMethod['batch'] ?? 0]));

  afterAll(async () => {
    await many.close();
    await proxy.close();
  });

  it('are asked seldom, named in the log, and slow nobody down', async () => {
    many = await ManyPortals.open(
      names,
      {},
      {
        endpointOf: async (name, port) => {
          if (name !== 'refused') return undefined;
          proxy = await startTcpProxy('127.0.0.1', port);
          return `http://refused.localhost:${proxy.port}/rest/`;
        },
      },
    );
    many.push(5);
    await until('a quiet start', () => many.unfinished(names).length === 0);

    for (const [name, { fault }] of Object.entries(ANSWERS)) {
      const armed = many.portal(name).inject({ method: 'batch', times: Infinity, ...fault });
      ends.push(() => armed.remove());
    }
    const slow = many.portal('slow').inject({ method: 'batch', kind: 'delay', ms: SLOW_MS, times: Infinity });
    ends.push(() => slow.remove());
    await proxy.refuse();
    proxy.cut();
    ends.push(() => proxy.accept());
    const crowded = many.portal('crowded');
    crowded.setLimits({ ratePerSecond: 2, burst: 5 });
    const crowd = setInterval(
      () => void crowded.handle({ method: 'feature.get', params: emptyPhpArray(), webhook: false }),
      20,
    );
    ends.push(() => {
      clearInterval(crowd);
      crowded.setLimits({ ratePerSecond: 50, burst: 500 });
    });

    const before = batches();
    const linesBefore = many.bridge.lines.length;
    many.push(20);
    await until('the healthy portal', () => many.unfinished(['fine']).length === 0, 5000);
    await seconds(TROUBLE_SECONDS);
    for (const [name, count] of batches()) {
      // One at once and then after 1, 2, 4 s and so on, with jitter; what is throttled tries once a second.
      if (name !== 'fine') expect([name, count - (before.get(name) ?? 0) <= 10]).toEqual([name, true]);
    }
    expect((many.bridge.lines.length - linesBefore) / names.length).toBeLessThan(15);
    for (const [name, { reason }] of Object.entries(ANSWERS)) {
      expect(many.reasons('round.failed', name)[0]).toMatch(reason);
    }
    expect(many.reasons('round.failed', 'refused').join()).toMatch(
      /no connection to refused.localhost.*nothing was sent/,
    );
    expect(many.reasons('round.failed', 'crowded').join()).toMatch(/503 QUERY_LIMIT_EXCEEDED/);
    expect((await many.get('/health/ready')).status).toBe(200);
    expect(new Set((await many.states()).values())).toEqual(new Set(['active']));
    many.push(20);
    await until(
      'the healthy portal, while the others still suffer',
      () => many.unfinished(['fine']).length === 0,
      5000,
    );
  }, 180_000);

  it('are back within 10 s of their recovery, with all that was reserved by lost answers', async () => {
    for (const end of ends) await end();
    await until('everything of everybody', () => many.unfinished(names).length === 0, BACK_WITHIN_MS).catch(
      () => {
        throw new Error(
          `unfinished: ${many.unfinished(names).join()}; the log:\n${many.bridge.output.slice(-6000)}`,
        );
      },
    );
    const adopted = many.bridge.lines.filter(
      ({ message }) => message?.event === 'round' && Number(message['adopted']) > 0,
    );
    expect(new Set(adopted.map(({ message }) => message['portal']))).toEqual(
      new Set(['halved', 'resetafter']),
    );
  }, 180_000);
});
