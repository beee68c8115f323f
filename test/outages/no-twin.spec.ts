import { afterEach, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { linesOf } from '../support/before-install.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { foreignBatches, Pusher } from './twin-consumer.js';

/** From then on no request of an earlier process can be at work any more. */
const A_MINUTE_MS = 61_000;
/** Scans are no further apart than this, whatever was seen. */
const FOUR_MINUTES_MS = 241_000;
const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe('that another program drains the queue with the same keys', () => {
  let system: TestSystem<BridgeProcess>;
  let pusher: Pusher | undefined;
  afterEach(async () => {
    pusher?.stop();
    await system.close();
  });

  it('is not said of what lost answers and killed processes left behind', async () => {
    system = await TestSystem.open({ movableClock: true });
    const { bridge, portal } = system;
    const events = (pusher = new Pusher(system));
    /** A scan of the service's after this long by its clock, set forward at rest. */
    const scanAfter = async (ms: number) => {
      events.stop();
      await seconds(0.5);
      const before = portal.counters.perMethod['event.offline.list'] ?? 0;
      await bridge.setClockForward(ms);
      events.start();
      await until('a scan', () => (portal.counters.perMethod['event.offline.list'] ?? 0) > before);
    };
    for (let turn = 0; turn < 2; turn += 1) {
      const lost = portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit', times: 1 });
      await until('a loss', () => lost.hits > 0);
      await seconds(1.5);
      expect(await bridge.stop('SIGKILL')).toBeNull();
      bridge.start();
      await seconds(3);
    }
    // Accounted for by now, and another answer is lost.
    await scanAfter(A_MINUTE_MS);
    await scanAfter(FOUR_MINUTES_MS);
    const lost = portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit', times: 2 });
    await until('a loss', () => lost.hits > 1);
    for (let scan = 0; scan < 2; scan += 1) {
      await seconds(3);
      await scanAfter(FOUR_MINUTES_MS);
    }
    await seconds(2);
    events.stop();
    await until('every event', () => system.delivered().size === events.pushed, 60_000);
    expect(linesOf(bridge, 'queue.shared')).toEqual([]);
    expect(await foreignBatches(system)).toBe(0);
  }, 180_000);
});
