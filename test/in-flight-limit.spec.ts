import { afterEach, describe, expect, it } from '@jest/globals';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

describe('DRAIN_MAX_IN_FLIGHT', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('leaves events on the portal while that many are unsettled, and lets them come as those settle', async () => {
    system = await TestSystem.open({
      settings: {
        DRAIN_LIMIT: '20',
        DRAIN_MAX_IN_FLIGHT: '50',
        SETTLE_MODE: 'ack',
        SETTLE_AFTER_MS: '60000',
      },
    });
    const pending = () => system.portal.rows().filter((row) => row.PROCESS_ID === '').length;
    system.push(1, 200);
    // The last batch overshoots.
    await until('the limit', () => system.delivered().size >= 60);
    await until('the next round to see it', async () =>
      (await system.get('/metrics')).body.includes('bridge_events_in_flight{portal="acme"} 60'),
    );
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(system.delivered().size).toBe(60);
    expect(pending()).toBe(140);
    expect((await system.get('/metrics')).body).toContain('bridge_events_in_flight{portal="acme"} 60');

    const answered = new Set<string>();
    await until('every event, as they settle', () => {
      for (const event of system.downstream.received) {
        if (!answered.has(event.id)) system.downstream.reply({ status: 'processed' }, event);
        answered.add(event.id);
      }
      return system.delivered().size === 200 && system.portal.rows().length === 0;
    });
  }, 180_000);
});
