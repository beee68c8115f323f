import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { SmallDisk } from '../support/small-disk.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Meter, nothingLost, notReady, readyAgain, seconds } from './outage.js';

describe('a full disk under the database', () => {
  let system: TestSystem;
  let disk: SmallDisk;
  let own: OwnPortal;
  beforeAll(async () => {
    disk = new SmallDisk();
    system = await openBeforeInstall({
      process: true,
      settings: { DATABASE_URL: `file:${disk.databaseFile}`, DRAIN_LIMIT: '200' },
    });
  });
  beforeEach(async () => {
    own = await OwnPortal.installed(system);
  });
  afterEach(() => own.leave());
  afterAll(async () => {
    await system.close();
    disk.remove();
  });

  it('stops reserving, is named, and loses nothing that was reserved meanwhile', async () => {
    own.push(1, 50);
    await until('deliveries', () => own.delivered().size === 50);
    disk.fill();
    const meter = new Meter(own);
    own.push(51, 700);
    const failed = await system.bridge.logged('round.ledger_failed');
    expect(failed.message['reason']).toContain('database or disk is full');
    expect(await notReady(system, 'database')).toContain('database or disk is full');
    await seconds(3);
    expect((await system.get('/health/live')).status).toBe(200);
    expect(await notReady(system, 'database')).toContain('database or disk is full');
    // What was reserved before the first failure; nothing is added to it.
    const reserved = own.portal.rows().filter((row) => row.PROCESS_ID !== '').length;
    expect(reserved).toBeLessThanOrEqual(450);
    const cost = meter.read();
    expect(cost.requests).toBeLessThan(3);
    expect(cost.lines).toBeLessThan(5);
    disk.free();
    await readyAgain(system);
    await nothingLost(own, 700);
  });

  it('is waited for at the start', async () => {
    expect(await system.bridge.stop()).toBe(0);
    own.push(1, 20);
    disk.fill();
    system.bridge.start();
    await system.bridge.logged('http.listening');
    await notReady(system, 'database', /full|I\/O error|unable to open/i);
    expect((await system.get('/health/live')).status).toBe(200);
    disk.free();
    await readyAgain(system);
    await nothingLost(own, 20);
  });
});
