import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SmallDisk } from '../support/small-disk.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Meter, nothingLost, notReady, readyAgain, seconds } from './outage.js';

describe('a full disk under the database', () => {
  let system: TestSystem;
  let disk: SmallDisk;
  beforeEach(() => {
    disk = new SmallDisk();
  });
  afterEach(async () => {
    await system.close();
    disk.remove();
  });

  it('stops reserving, is named, and loses nothing that was reserved meanwhile', async () => {
    system = await TestSystem.open({
      settings: { DATABASE_URL: `file:${disk.databaseFile}`, DRAIN_LIMIT: '200' },
    });
    system.push(1, 50);
    await until('deliveries', () => system.delivered().size === 50);
    disk.fill();
    const meter = new Meter(system);
    system.push(51, 1200);
    const failed = await system.bridge.logged('round.ledger_failed');
    expect(failed.message['reason']).toContain('database or disk is full');
    expect(await notReady(system, 'database')).toContain('database or disk is full');
    await seconds(3);
    expect((await system.get('/health/live')).status).toBe(200);
    expect(await notReady(system, 'database')).toContain('database or disk is full');
    // What was reserved before the first failure; nothing is added to it.
    const reserved = system.portal.rows().filter((row) => row.PROCESS_ID !== '').length;
    expect(reserved).toBeLessThanOrEqual(450);
    const cost = meter.read();
    expect(cost.requests).toBeLessThan(3);
    expect(cost.lines).toBeLessThan(5);
    disk.free();
    await readyAgain(system);
    await nothingLost(system, 1200);
  });

  it('is waited for at the start', async () => {
    system = await TestSystem.open({ settings: { DATABASE_URL: `file:${disk.databaseFile}` } });
    expect(await system.bridge.stop()).toBe(0);
    system.push(1, 20);
    disk.fill();
    system.bridge.start();
    await system.bridge.logged('http.listening');
    await notReady(system, 'database', /full|I\/O error|unable to open/i);
    expect((await system.get('/health/live')).status).toBe(200);
    disk.free();
    await readyAgain(system);
    await nothingLost(system, 20);
  });
});
