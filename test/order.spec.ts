import { afterEach, describe, expect, it } from '@jest/globals';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

describe('the first deliveries of one portal', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('come in the order of the changes, over batches, pages and a restart', async () => {
    stage = await Stage.open({
      settings: { DRAIN_LIMIT: '700', B24_RATE_PER_SECOND: '20', SETTLE_AFTER_MS: '60000' },
      portal: { ratePerSecond: 1000, burst: 1000, serviceTimeMs: 50 },
    });
    const events = 4000;
    stage.push(1, events);
    await until('a part', () => stage.delivered().size > 1000);
    expect(await stage.bridge.stop()).toBe(0);
    stage.bridge.start();
    await until('every event', () => stage.delivered().size === events, 60_000);
    // What was published and not recorded before the stop comes twice; the first time counts.
    const order = [...stage.delivered()].map(Number);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }, 180_000);
});
