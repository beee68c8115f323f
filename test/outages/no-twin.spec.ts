import { afterEach, describe, expect, it } from '@jest/globals';
import { linesOf } from '../support/before-install.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { foreignBatches, Pusher } from './twin-consumer.js';

describe('that somebody else drains the queue with the same keys', () => {
  let system: TestSystem;
  let pusher: Pusher | undefined;
  afterEach(async () => {
    pusher?.stop();
    await system.close();
  });

  it('is not said of what lost answers and killed processes left behind', async () => {
    system = await TestSystem.open();
    const events = (pusher = new Pusher(system));
    for (let turn = 0; turn < 3; turn += 1) {
      const lost = system.portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit', times: 1 });
      await until('a loss', () => lost.hits > 0);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(await system.bridge.stop('SIGKILL')).toBeNull();
      system.bridge.start();
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
    // Accounted for by now, and another answer is lost.
    await new Promise((resolve) => setTimeout(resolve, 100_000));
    const lost = system.portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit', times: 2 });
    await until('a loss', () => lost.hits > 1);
    await new Promise((resolve) => setTimeout(resolve, 35_000));
    events.stop();
    await until('every event', () => system.delivered().size === events.pushed, 60_000);
    expect(linesOf(system.bridge, 'queue.shared')).toEqual([]);
    expect(await foreignBatches(system)).toBe(0);
  }, 360_000);
});
