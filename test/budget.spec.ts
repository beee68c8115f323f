import { afterEach, describe, expect, it } from '@jest/globals';
import { RABBITMQ_URL } from './support/bridge-process.js';
import { TestSystem } from './support/test-system.js';
import { startTcpProxy } from './support/tcp-proxy.js';
import { until } from './support/until.js';
import { linesOf } from './support/before-install.js';
import { inForm } from './support/form.js';

describe("the portal's request budget", () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('drains a backlog in at most 1.1 requests per DRAIN_LIMIT events and is never exceeded', async () => {
    system = await TestSystem.open({
      portal: { ratePerSecond: 2, burst: 50 },
      settings: { DRAIN_LIMIT: '500' },
    });
    const events = inForm({ full: 15_000, small: 5_000 });
    // A backlog stands before the first request that counts.
    system.push(1, events);
    const { portal } = system;
    const handle = portal.handle.bind(portal);
    let requests = 0;
    let drained = false;
    // Once the portal has handed over all, how often it is asked is a matter of how long the events take from there.
    portal.handle = async (request) => {
      if (!drained) requests += 1;
      const answer = await handle(request);
      drained ||= portal.rows().every((row) => row.PROCESS_ID !== '');
      return answer;
    };
    await until('every event', () => system.delivered().size === events, 60_000);
    expect(drained).toBe(true);
    expect(requests).toBeGreaterThanOrEqual(events / 500 - 1);
    expect(requests).toBeLessThanOrEqual(Math.ceil((events / 500) * 1.1));
    expect(system.portal.counters.refusals).toEqual({});
    await until('an empty queue', () => system.portal.rows().length === 0, 60_000);
    expect(system.portal.counters.refusals).toEqual({});
  }, 240_000);

  it('is not spent on clears while publishing is slow: they travel with the next reservation', async () => {
    const broker = new URL(RABBITMQ_URL);
    const proxy = await startTcpProxy(broker.hostname, Number(broker.port || 5672));
    try {
      broker.hostname = '127.0.0.1';
      broker.port = String(proxy.port);
      system = await TestSystem.open({
        // Neither the portal nor its budget is what is slow.
        portal: { ratePerSecond: 100, burst: 1000 },
        settings: {
          DRAIN_LIMIT: '100',
          B24_RATE_PER_SECOND: '100',
          // Events settle long before the last ones are published.
          SETTLE_AFTER_MS: '300',
          RABBITMQ_URL: broker.href,
        },
      });
      proxy.delayAnswers(700);
      const events = 3000;
      system.push(1, events);
      const { portal } = system;
      await until('a portal that is held back', () => portal.rows().some((row) => row.PROCESS_ID !== ''));
      const before = portal.counters.requests;
      await until(
        'every event to be reserved',
        () => portal.rows().every((row) => row.PROCESS_ID !== ''),
        60_000,
      );
      expect(linesOf(system.bridge, 'round').some(({ message }) => Number(message['cleared']) > 0)).toBe(
        true,
      );
      expect(portal.counters.requests - before).toBeLessThanOrEqual((events / 100) * 1.1);
      proxy.delayAnswers(0);
      await until('an empty queue', () => portal.rows().length === 0, 60_000);
      expect(portal.counters.refusals).toEqual({});
    } finally {
      await proxy.close();
    }
  }, 240_000);

  it('carries marks, clears, retries and the next reservation in one request', async () => {
    const failed = new Set<string>();
    system = await TestSystem.open({
      portal: { ratePerSecond: 2, burst: 8, serviceTimeMs: 100 },
      settings: { B24_RATE_BURST: '8', RETRY_BASE_DELAY_MS: '1000', SETTLE_AFTER_MS: '1000' },
      onEvent: (event, downstream) => {
        downstream.channel.ack(event.message);
        if (Number(event.objectId) % 3 !== 0 || failed.has(event.objectId)) return;
        failed.add(event.objectId);
        downstream.reply({ status: 'failed' }, event);
      },
    });
    const { bridge, portal } = system;
    let pushed = 0;
    const all = () =>
      linesOf(bridge, 'round').some(({ message }) =>
        ['reserved', 'marked', 'cleared', 'errorRows'].every((count) => Number(message[count]) > 0),
      );
    const startedAt = performance.now();
    const before = portal.counters.requests;
    await until('a round that does all of it', () => {
      // Twenty milliseconds apart, as the condition is looked at.
      system.push((pushed += 1), pushed);
      return all();
    });
    const seconds = (performance.now() - startedAt) / 1000;
    expect(portal.counters.requests - before).toBeLessThanOrEqual(8 + seconds * 2);
    await until(
      'every retry',
      () => system.downstream.received.filter(({ attempt }) => attempt > 1).length >= Math.floor(pushed / 3),
      40_000,
    );
    // The last ones may be reserved by a later round than the retries were.
    await until('every event', () => system.delivered().size === pushed);
    expect(portal.counters.refusals).toEqual({});
    // Beside the batches there is nothing.
    expect(portal.counters.perMethod['batch']).toBe(portal.counters.requests);
  }, 180_000);

  it('is hardly touched by an idle portal', async () => {
    system = await TestSystem.open({ settings: { DRAIN_INTERVAL_MS: '400' } });
    system.push(1, 1);
    await until('an empty queue', () => system.portal.rows().length === 0 && system.delivered().size === 1);
    const before = system.portal.counters.requests;
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const intervals = (performance.now() - startedAt) / 400;
    const requests = system.portal.counters.requests - before;
    expect(requests).toBeLessThanOrEqual(Math.ceil(intervals));
    expect(requests).toBeGreaterThan(0);
  });
});
