import { afterEach, describe, expect, it } from '@jest/globals';
import { run } from '../cli/in-process.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { linesOf } from '../support/before-install.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { foreignBatches, Pusher, Twin } from './twin-consumer.js';

/** Until a look for what nobody answers for, of which there is one in four minutes of the service's clock. */
const RECOGNIZED_WITHIN_MS = 90_000;

const A_MINUTE_MS = 61_000;
const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe('another program drains the queue with the same keys', () => {
  let system: TestSystem<BridgeProcess>;
  let twin: Twin | undefined;
  let pusher: Pusher | undefined;
  afterEach(async () => {
    pusher?.stop();
    await twin?.stop();
    await system.close();
  });

  it('which is said once, wherever people look, and what he holds is adopted', async () => {
    system = await TestSystem.open({
      movableClock: true,
      portal: { burst: 250, ratePerSecond: 20 },
      // The other one takes his share all the more, and it goes on for the better part of a minute.
      settings: { DRAIN_INTERVAL_MS: '1000' },
    });
    const { bridge, portal } = system;
    const scans = () => portal.counters.perMethod['event.offline.list'] ?? 0;
    // No request of an earlier process can be at work any more: what turns up from then on is another program's.
    const before = scans();
    await bridge.setClockForward(A_MINUTE_MS);
    await until('a look for what nobody answers for', () => scans() > before);
    const staging = (twin = new Twin(system));
    const events = (pusher = new Pusher(system));
    staging.start();
    /** Waits for it while events flow, in steps of a minute of the service's clock. */
    const untilLater = (what: string, condition: () => boolean | Promise<boolean>) =>
      until(
        what,
        async () => {
          if (await condition()) return true;
          await seconds(2);
          events.stop();
          await seconds(0.5);
          await bridge.setClockForward(A_MINUTE_MS);
          events.start();
          return false;
        },
        RECOGNIZED_WITHIN_MS,
      );
    await untilLater('the warning', () => linesOf(bridge, 'queue.shared').length > 0);
    expect(linesOf(system.bridge, 'queue.shared')[0]?.message).toMatchObject({ portal: 'acme' });
    // The metrics may have been made before.
    await until('their count', async () => (await foreignBatches(system)) > 0);
    const first = await foreignBatches(system);
    // Found again, and not said again.
    await untilLater('more of them', async () => (await foreignBatches(system)) > first);
    expect(linesOf(system.bridge, 'queue.shared')).toHaveLength(1);
    const doctor = await run(system.bridge, ['doctor']);
    expect(doctor.stdout).toMatch(
      /^wrong +shared queue +another program drains acme, last seen .*staging copy/m,
    );
    expect(doctor.exitCode).toBe(1);
    const check = await run(system.bridge, ['portals', 'check', 'acme']);
    expect(check.stdout).toMatch(/^wrong +shared queue +another program drains this portal/m);

    events.stop();
    await staging.stop();
    // Of two batches at least.
    expect(staging.taken.size).toBeGreaterThan(1);
    await until(
      'every event, those that he took too',
      () => system.delivered().size === events.pushed,
      60_000,
    );
  }, 240_000);
});
