import { afterEach, describe, expect, it } from '@jest/globals';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

describe('a stop', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('in mid-drain ends with exit code 0 within 10 s, loses nothing, and the next start goes on', async () => {
    stage = await Stage.open({
      portal: { serviceTimeMs: 150 },
      settings: { DRAIN_LIMIT: '200', B24_RATE_PER_SECOND: '20' },
    });
    stage.portal.setLimits({ ratePerSecond: 1000, burst: 1000 });
    stage.push(1, 3000);
    await until('the drain to be under way', () => stage.delivered().size > 200);

    const before = Date.now();
    expect(await stage.bridge.stop('SIGTERM')).toBe(0);
    expect(Date.now() - before).toBeLessThan(10_000);
    const pending = stage.portal.rows().filter((row) => row.PROCESS_ID === '').length;
    expect(pending).toBeGreaterThan(0);

    stage.bridge.start();
    await until('every event', () => stage.delivered().size === 3000);
    await until('an empty queue', () => stage.portal.rows().length === 0);
    expect(stage.portal.counters.refusals).toEqual({});
  });

  it('right after the start, and twice in a row, is as clean', async () => {
    stage = await Stage.prepare();
    stage.bridge.start();
    await stage.bridge.logged('http.listening');
    expect(await stage.bridge.stop('SIGINT')).toBe(0);
  });
});
