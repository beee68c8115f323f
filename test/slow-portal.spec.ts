import { afterEach, describe, expect, it } from '@jest/globals';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';
import { linesOf } from './support/before-install.js';

describe('a portal whose answers are slow by the row', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('cuts one request, and is drained in smaller ones from then on', async () => {
    // 500 rows take 6 s, and the portal cuts at 5 s.
    system = await TestSystem.open({
      portal: { serviceTimeMs: 10, serviceTimePerRowMs: 12, requestLimitMs: 5000 },
      settings: { DRAIN_LIMIT: '500', SETTLE_AFTER_MS: '60000' },
    });
    const { portal, bridge } = system;
    system.push(1, 500);
    await until('the first answer to be cut', () => portal.counters.refusals['CUT'] === 1);
    system.push(501, 560);
    await until('every event', () => system.delivered().size === 560, 40_000);
    expect(portal.counters.refusals).toEqual({ CUT: 1 });
    const rounds = linesOf(bridge, 'round').map(({ message }) => message);
    expect(rounds.find(({ adopted }) => Number(adopted) > 0)).toMatchObject({ adopted: 500, limit: 250 });
  }, 180_000);
});
