import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Meter, nothingLost, notReady, readyAgain, seconds, slowestLiveAnswer } from './outage.js';

describe('a database that another process keeps locked', () => {
  let system: TestSystem;
  let other: InstanceType<typeof Libsql> | undefined;
  let own: OwnPortal;
  beforeAll(async () => {
    system = await openBeforeInstall({ process: true, settings: { DRAIN_LIMIT: '40' } });
  });
  beforeEach(async () => {
    own = await OwnPortal.installed(system);
  });
  afterEach(async () => {
    other?.close();
    await own.leave();
  });
  afterAll(() => system.close());
  const lock = () => {
    other = new Libsql(system.bridge.databaseFile);
    other.exec('pragma busy_timeout = 5000');
    other.exec('begin immediate');
    return { release: () => other?.exec('rollback') };
  };

  it('holds up the drain and nothing else, is named, and costs nothing when it is released', async () => {
    own.push(1, 100);
    await until('deliveries', () => own.delivered().size > 0);
    const { release } = lock();
    const meter = new Meter(own);
    own.push(101, 300);
    const slowest = await slowestLiveAnswer(system, async () => {
      expect(await notReady(system, 'database')).not.toBe('');
      await system.bridge.logged('round.ledger_failed');
      await seconds(2);
    });
    expect(slowest).toBeLessThan(2000);
    expect(system.bridge.find('round.ledger_failed')?.message['reason']).toBe('database is locked');
    expect(await notReady(system, 'database')).toContain('database is locked');
    // One round may have been under way, and its rows are adopted.
    const reserved = own.portal.rows().filter((row) => row.PROCESS_ID !== '').length;
    expect(reserved).toBeLessThanOrEqual(140);
    expect(own.portal.rows().filter((row) => row.PROCESS_ID === '').length).toBeGreaterThan(0);
    const cost = meter.read();
    expect(cost.requests).toBeLessThan(3);
    expect(cost.lines).toBeLessThan(5);
    release();
    await readyAgain(system);
    await nothingLost(own, 300);
  });

  it('at the start is waited for', async () => {
    expect(await system.bridge.stop()).toBe(0);
    const { release } = lock();
    own.push(1, 20);
    system.bridge.start();
    await system.bridge.logged('http.listening');
    expect(await notReady(system, 'database')).not.toBe('');
    expect((await system.get('/health/live')).status).toBe(200);
    release();
    await readyAgain(system);
    await nothingLost(own, 20);
  });
});
