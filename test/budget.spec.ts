import { afterEach, describe, expect, it } from '@jest/globals';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';
import { linesOf } from './support/vestibule.js';

describe("the portal's request budget", () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('drains a backlog in at most 1.1 requests per DRAIN_LIMIT events and is never exceeded', async () => {
    stage = await Stage.open({ portal: { ratePerSecond: 2, burst: 50 }, settings: { DRAIN_LIMIT: '500' } });
    const events = 15_000;
    // A backlog stands before the first request that counts.
    stage.push(1, events);
    const { portal } = stage;
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
    await until('every event', () => stage.delivered().size === events, 60_000);
    expect(drained).toBe(true);
    expect(requests).toBeGreaterThanOrEqual(events / 500 - 1);
    expect(requests).toBeLessThanOrEqual(Math.ceil((events / 500) * 1.1));
    expect(stage.portal.counters.refusals).toEqual({});
    await until('an empty queue', () => stage.portal.rows().length === 0, 60_000);
    expect(stage.portal.counters.refusals).toEqual({});
  }, 240_000);

  it('carries marks, clears, retries and the next reservation in one request', async () => {
    const failed = new Set<string>();
    stage = await Stage.open({
      portal: { ratePerSecond: 2, burst: 8, serviceTimeMs: 100 },
      settings: { B24_RATE_BURST: '8', RETRY_BASE_DELAY_MS: '1000', SETTLE_AFTER_MS: '1000' },
      onEvent: (event, downstream) => {
        downstream.channel.ack(event.message);
        if (Number(event.objectId) % 3 !== 0 || failed.has(event.objectId)) return;
        failed.add(event.objectId);
        downstream.reply({ status: 'failed' }, event);
      },
    });
    const { bridge, portal } = stage;
    let pushed = 0;
    const all = () =>
      linesOf(bridge, 'round').some(({ message }) =>
        ['reserved', 'marked', 'cleared', 'errorRows'].every((count) => Number(message[count]) > 0),
      );
    const startedAt = performance.now();
    const before = portal.counters.requests;
    await until('a round that does all of it', () => {
      // Twenty milliseconds apart, as the condition is looked at.
      stage.push((pushed += 1), pushed);
      return all();
    });
    const seconds = (performance.now() - startedAt) / 1000;
    expect(portal.counters.requests - before).toBeLessThanOrEqual(8 + seconds * 2);
    await until(
      'every retry',
      () => stage.downstream.received.filter(({ attempt }) => attempt > 1).length >= Math.floor(pushed / 3),
      40_000,
    );
    // The last ones may be reserved by a later round than the retries were.
    await until('every event', () => stage.delivered().size === pushed);
    expect(portal.counters.refusals).toEqual({});
    // Beside the batches there is nothing.
    expect(portal.counters.perMethod['batch']).toBe(portal.counters.requests);
  }, 180_000);

  it('is hardly touched by an idle portal', async () => {
    stage = await Stage.open({ settings: { DRAIN_INTERVAL_MS: '400' } });
    stage.push(1, 1);
    await until('an empty queue', () => stage.portal.rows().length === 0 && stage.delivered().size === 1);
    const before = stage.portal.counters.requests;
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const intervals = (performance.now() - startedAt) / 400;
    const requests = stage.portal.counters.requests - before;
    expect(requests).toBeLessThanOrEqual(Math.ceil(intervals));
    expect(requests).toBeGreaterThan(0);
  });
});
