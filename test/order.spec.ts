import { afterEach, describe, expect, it } from '@jest/globals';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

describe('the first deliveries of one portal', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('come in the order of the changes, over batches, pages and a restart', async () => {
    system = await TestSystem.open({
      settings: { DRAIN_LIMIT: '250', B24_RATE_PER_SECOND: '20', SETTLE_AFTER_MS: '60000' },
      portal: { ratePerSecond: 1000, burst: 1000, serviceTimeMs: 50 },
    });
    const events = 1500;
    system.push(1, events);
    await until('a part', () => system.delivered().size > 350);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.start();
    await until('every event', () => system.delivered().size === events, 60_000);
    // What was published and not recorded before the stop comes twice; the first time counts.
    const order = [...system.delivered()].map(Number);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }, 180_000);
});
