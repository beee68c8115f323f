import { afterEach, describe, expect, it } from '@jest/globals';
import { linesOf } from './support/before-install.js';
import { startProxyTo } from './support/tcp-proxy.js';
import { RABBITMQ_URL } from './support/test-bridge.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

describe('a stop', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('in mid-drain ends with exit code 0 within 10 s, loses nothing, and the next start goes on', async () => {
    const system = await TestSystem.open({
      process: true,
      portal: { serviceTimeMs: 150 },
      settings: { DRAIN_LIMIT: '40', B24_RATE_PER_SECOND: '20' },
    });
    closing.push(() => system.close());
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

  it('while RabbitMQ confirms nothing does everything else that belongs to it, and the next start publishes', async () => {
    const { proxy, url } = await startProxyTo(RABBITMQ_URL);
    closing.push(() => proxy.close());
    const inside = await TestSystem.open({ settings: { RABBITMQ_URL: url } });
    closing.push(() => inside.close());
    proxy.stall();
    inside.push(1, 20);
    await until('its reservation', () => inside.bridge.find('round')?.message['reserved'] === 20);

    await inside.bridge.stop();
    expect(inside.bridge.find('bridge.stopped')).toBeDefined();
    expect(linesOf(inside.bridge, 'bridge.step_failed')).toEqual([]);

    proxy.resume();
    inside.bridge.start();
    await until('every event', () => inside.delivered().size === 20);
  });

  it('right after the start, and twice in a row, is as clean', async () => {
    const system = await TestSystem.prepare({ process: true });
    closing.push(() => system.close());
    system.bridge.start();
    await system.bridge.logged('http.listening');
    expect(await system.bridge.stop('SIGINT')).toBe(0);
  });
});
