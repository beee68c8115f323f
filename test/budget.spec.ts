import { afterEach, describe, expect, it } from '@jest/globals';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

describe("the portal's request budget", () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('drains a backlog in at most 1.1 requests per DRAIN_LIMIT events and is never exceeded', async () => {
    stage = await Stage.open({ portal: { ratePerSecond: 2, burst: 50 }, settings: { DRAIN_LIMIT: '500' } });
    const events = 15_000;
    // A backlog stands before the first request that counts.
    stage.push(1, events);
    const before = stage.portal.counters.requests;
    await until('every event', () => stage.delivered().size === events, 60_000);
    const requests = stage.portal.counters.requests - before;
    expect(requests).toBeLessThanOrEqual(Math.ceil((events / 500) * 1.1));
    expect(stage.portal.counters.refusals).toEqual({});
    await until('an empty queue', () => stage.portal.rows().length === 0, 60_000);
    expect(stage.portal.counters.refusals).toEqual({});
  });
});
