import { afterEach, describe, expect, it } from '@jest/globals';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

/** Pages have 100 events, and four are on their way at once: a batch is more than these. */
const LIMIT = 450;

describe('the first deliveries of one portal', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('come in the order of the changes, over batches, pages and a restart', async () => {
    system = await TestSystem.open({
      settings: { DRAIN_LIMIT: String(LIMIT), B24_RATE_PER_SECOND: '20', SETTLE_AFTER_MS: '60000' },
      portal: { ratePerSecond: 1000, burst: 1000, serviceTimeMs: 50 },
    });
    // Four batches may be in hand when the service stops: some are left for the next start.
    const events = 6 * LIMIT;
    system.push(1, events);
    await until('a part', () => system.delivered().size > 1.5 * LIMIT);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.start();
    await until('every event', () => system.delivered().size === events, 60_000);
    // What was published and not recorded before the stop comes twice; the first time counts.
    const order = [...system.delivered()].map(Number);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }, 180_000);
});
