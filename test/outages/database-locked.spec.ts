import { afterEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';
import { Meter, nothingLost, notReady, readyAgain, seconds, slowestLiveAnswer } from './outage.js';

describe('a database that another process keeps locked', () => {
  let stage: Stage;
  let other: InstanceType<typeof Libsql> | undefined;
  afterEach(async () => {
    other?.close();
    await stage.close();
  });
  const lock = () => {
    other = new Libsql(stage.bridge.databaseFile);
    other.exec('pragma busy_timeout = 5000');
    other.exec('begin immediate');
    return { release: () => other?.exec('rollback') };
  };

  it('holds up the drain and nothing else, is named, and costs nothing when it is released', async () => {
    stage = await Stage.open({ settings: { DRAIN_LIMIT: '40' } });
    stage.push(1, 100);
    await until('deliveries', () => stage.delivered().size > 0);
    const { release } = lock();
    const meter = new Meter(stage);
    stage.push(101, 300);
    const slowest = await slowestLiveAnswer(stage, async () => {
      expect(await notReady(stage, 'database')).not.toBe('');
      await stage.bridge.logged('round.ledger_failed');
      await seconds(2);
    });
    expect(slowest).toBeLessThan(2000);
    expect(stage.bridge.find('round.ledger_failed')?.message['reason']).toBe('database is locked');
    expect(await notReady(stage, 'database')).toContain('database is locked');
    // One round may have been under way, and its rows are adopted.
    const reserved = stage.portal.rows().filter((row) => row.PROCESS_ID !== '').length;
    expect(reserved).toBeLessThanOrEqual(140);
    expect(stage.portal.rows().filter((row) => row.PROCESS_ID === '').length).toBeGreaterThan(0);
    const cost = meter.read();
    expect(cost.requests).toBeLessThan(3);
    expect(cost.lines).toBeLessThan(5);
    release();
    await readyAgain(stage);
    await nothingLost(stage, 300);
  });

  it('at the start is waited for', async () => {
    stage = await Stage.open();
    expect(await stage.bridge.stop()).toBe(0);
    const { release } = lock();
    stage.push(1, 20);
    stage.bridge.start();
    await stage.bridge.logged('http.listening');
    expect(await notReady(stage, 'database')).not.toBe('');
    expect((await stage.get('/health/live')).status).toBe(200);
    release();
    await readyAgain(stage);
    await nothingLost(stage, 20);
  });
});
