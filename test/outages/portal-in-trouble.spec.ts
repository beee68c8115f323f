import { afterAll, describe, expect, it } from '@jest/globals';
import { type Fault } from '../../emulator/index.js';
import { PhpArray } from '../../emulator/php.js';
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
/** Longer than the healthy portal needs on a busy machine, so that it cannot have waited for this one. */
const SLOW_MS = 12_000;
const HEALTHY_WITHIN_MS = 10_000;
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
      // Whoever is asked that often has had twice the requests by the end.
      { DRAIN_INTERVAL_MS: '300' },
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
      () =>
        void crowded.handle({
          method: 'feature.get',
          params: new PhpArray(),
          webhook: null,
          authorization: null,
        }),
      20,
    );
    ends.push(() => {
      clearInterval(crowd);
      crowded.setLimits({ ratePerSecond: 50, burst: 500 });
    });

    const before = batches();
    const linesBefore = many.bridge.lines.length;
    const pushedAt = performance.now();
    many.push(20);
    await until('the healthy portal', () => many.unfinished(['fine']).length === 0, HEALTHY_WITHIN_MS);
    await seconds(TROUBLE_SECONDS);
    const told = (name: string, reason: RegExp) => reason.test(many.reasons('round.failed', name).join());
    await until(
      'a failure of everybody in trouble',
      () =>
        Object.keys(ANSWERS).every((name) => many.reasons('round.failed', name).length > 0) &&
        told('refused', /no connection/) &&
        told('crowded', /QUERY_LIMIT_EXCEEDED/),
    );
    const lasted = (performance.now() - pushedAt) / 1000;
    for (const [name, count] of batches()) {
      // One at once and then after 1, 2, 4 s and so on, with jitter; what is throttled tries once a second.
      const few = count - (before.get(name) ?? 0) <= 4 + lasted;
      if (name !== 'fine') expect([name, few]).toEqual([name, true]);
    }
    expect((many.bridge.lines.length - linesBefore) / names.length).toBeLessThan(9 + lasted);
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
      HEALTHY_WITHIN_MS,
    );
  }, 180_000);

  it('are back within 10 s of their recovery, with all that was reserved by lost answers', async () => {
    for (const end of ends) await end();
    const finished = (those: readonly string[], withinMs: number) =>
      until(`everything of ${those.join()}`, () => many.unfinished(those).length === 0, withinMs).catch(
        () => {
          throw new Error(
            `unfinished: ${many.unfinished(those).join()}; the log:\n${many.bridge.output.slice(-6000)}`,
          );
        },
      );
    // The slow one has recovered when its last slow answer is there.
    const slowly = finished(['slow'], SLOW_MS + BACK_WITHIN_MS);
    await Promise.all([
      slowly,
      finished(
        names.filter((name) => name !== 'slow'),
        BACK_WITHIN_MS,
      ),
    ]);
    const adopted = many.bridge.lines.filter(
      ({ message }) => message?.event === 'round' && Number(message['adopted']) > 0,
    );
    const adopting = new Set(adopted.map(({ message }) => message['portal']));
    // Its connection was cut, perhaps while an answer was on its way.
    adopting.delete('refused');
    expect(adopting).toEqual(new Set(['halved', 'resetafter']));
  }, 180_000);
});
