import { afterEach, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from './support/bridge-process.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

describe('a stop', () => {
  let system: TestSystem<BridgeProcess>;
  afterEach(() => system.close());

  it('in mid-drain ends with exit code 0 within 10 s, loses nothing, and the next start goes on', async () => {
    system = await TestSystem.open({
      process: true,
      portal: { serviceTimeMs: 150 },
      settings: { DRAIN_LIMIT: '40', B24_RATE_PER_SECOND: '20' },
    });
    system.portal.setLimits({ ratePerSecond: 1000, burst: 1000 });
    system.push(1, 600);
    await until('the drain to be under way', () => system.delivered().size > 40);

    const before = Date.now();
    expect(await system.bridge.stop('SIGTERM')).toBe(0);
    expect(Date.now() - before).toBeLessThan(10_000);
    const pending = system.portal.rows().filter((row) => row.PROCESS_ID === '').length;
    expect(pending).toBeGreaterThan(0);

    system.bridge.start();
    await until('every event', () => system.delivered().size === 600);
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect(system.portal.counters.refusals).toEqual({});
  });

  it('right after the start, and twice in a row, is as clean', async () => {
    system = await TestSystem.prepare({ process: true });
    system.bridge.start();
    await system.bridge.logged('http.listening');
    expect(await system.bridge.stop('SIGINT')).toBe(0);
  });
});
