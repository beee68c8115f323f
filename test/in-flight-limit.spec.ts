import { afterEach, describe, expect, it } from '@jest/globals';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

describe('DRAIN_MAX_IN_FLIGHT', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('leaves events on the portal while that many are unsettled, and lets them come as those settle', async () => {
    system = await TestSystem.open({
      settings: {
        DRAIN_LIMIT: '100',
        DRAIN_MAX_IN_FLIGHT: '250',
        SETTLE_MODE: 'ack',
        SETTLE_AFTER_MS: '60000',
      },
    });
    const pending = () => system.portal.rows().filter((row) => row.PROCESS_ID === '').length;
    system.push(1, 1000);
    // The last batch overshoots.
    await until('the limit', () => system.delivered().size >= 300);
    await until('the next round to see it', async () =>
      (await system.get('/metrics')).body.includes('bridge_events_in_flight{portal="acme"} 300'),
    );
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(system.delivered().size).toBe(300);
    expect(pending()).toBe(700);
    expect((await system.get('/metrics')).body).toContain('bridge_events_in_flight{portal="acme"} 300');

    const answered = new Set<string>();
    await until('every event, as they settle', () => {
      for (const event of system.downstream.received) {
        if (!answered.has(event.id)) system.downstream.reply({ status: 'processed' }, event);
        answered.add(event.id);
      }
      return system.delivered().size === 1000 && system.portal.rows().length === 0;
    });
  }, 180_000);
});
