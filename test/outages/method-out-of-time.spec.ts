import { afterEach, describe, expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { BACK_WITHIN_MS, Meter, nothingLost, readiness, seconds } from './outage.js';

describe('a method that has used up its execution time', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('is left alone until it has time again, and events keep flowing', async () => {
    system = await TestSystem.open();
    const { bridge, portal } = system;
    system.push(1, 20);
    await nothingLost(system, 20);
    // The portal says when: ten minutes after the method was used first.
    const limit = portal.inject({
      method: 'event.offline.clear',
      kind: 'error',
      status: 429,
      error: 'OPERATION_TIME_LIMIT',
      times: Infinity,
    });
    system.push(21, 40);
    await until('the refusal', () => limit.hits > 0);
    const meter = new Meter(system);
    const hits = limit.hits;
    for (let id = 41; id <= 60; id += 1) {
      system.push(id, id);
      await seconds(0.1);
    }
    await until('events beside it', () => system.delivered().size === 60, BACK_WITHIN_MS);
    expect(limit.hits - hits).toBeLessThanOrEqual(1);
    expect(meter.read().requests).toBeLessThan(10);
    expect((await readiness(system)).status).toBe(200);
    expect((await bridge.logged('round.command_failed')).message).toMatchObject({
      command: 'clear',
      reason: expect.stringContaining('OPERATION_TIME_LIMIT') as unknown,
    });
    expect((await system.get('/metrics')).body).toContain(
      'bridge_portal_state{portal="acme",state="active"} 1',
    );
  });
});
