import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../support/until.js';
import { EVENT, FAILOVER_WITHIN_MS, ReplicaSet, START_WITHIN_MS } from './replica-set.js';

jest.setTimeout(300_000);

describe('a rolling restart under load', () => {
  let set: ReplicaSet;
  let pushing: NodeJS.Timeout | undefined;
  afterEach(async () => {
    clearInterval(pushing);
    await set.close();
  });

  it('loses nothing, doubles little, and hands over without waiting for leases to expire', async () => {
    set = await ReplicaSet.prepare(['p1', 'p2', 'p3', 'p4', 'p5', 'p6'], {
      // Whoever had to wait for a lease would be late.
      settings: { LEASE_MS: '60000' },
    });
    await set.startAll(3, [2, 2, 2]);
    let pushed = 0;
    pushing = setInterval(() => {
      set.push(1);
      pushed += 6;
    }, 50);
    for (const replica of [...set.replicas]) {
      expect(await replica.stop('SIGTERM')).toBe(0);
      const others = set.replicas.filter((each) => each !== replica);
      await set.shared(others, [3, 3], FAILOVER_WITHIN_MS);
      replica.start();
      await replica.logged('replica.started', START_WITHIN_MS);
      await set.shared(set.replicas, [2, 2, 2], START_WITHIN_MS);
    }
    clearInterval(pushing);
    await set.allDelivered();
    await set.allCleared();
    const duplicates = set.duplicates();
    process.stdout.write(`rolling restart of 3: ${pushed} changes, ${duplicates} delivered twice\n`);
    expect(duplicates).toBeLessThanOrEqual(pushed / 20);
    expect(set.portals().map(({ counters }) => counters.overlaps)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('with another source key loses nothing, and leaves nothing under the former one', async () => {
    set = await ReplicaSet.prepare(['p1', 'p2'], { settings: { SETTLE_AFTER_MS: '3000' } });
    await set.startAll(2, [1, 1]);
    const boundTo = (key: string) =>
      set.portals().every((portal) => portal.bindings().every(({ connector }) => connector === key));
    await until('bindings', () => set.portals().every((portal) => portal.bindings().length > 0));
    const [p1, p2] = set.portals();
    let pushed = 0;
    // A portal records a change once for each key under which the event is bound.
    pushing = setInterval(() => {
      pushed += 1;
      for (const portal of [p1, p2])
        for (const { connector } of portal?.bindings() ?? [])
          portal?.push({ event: EVENT, data: { FIELDS: { ID: String(pushed) } }, connector });
    }, 50);
    for (const replica of [...set.replicas]) {
      expect(await replica.stop('SIGTERM')).toBe(0);
      replica.settings['B24_AUTH_CONNECTOR'] = 'erp';
      replica.start();
      await replica.logged('replica.started', START_WITHIN_MS);
      await set.shared(set.replicas, [1, 1], START_WITHIN_MS);
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
    await until('bindings under the new key only', () => boundTo('erp'), 30_000);
    clearInterval(pushing);
    await until(
      'every change',
      () => set.delivered('p1').size === pushed && set.delivered('p2').size === pushed,
      30_000,
    );
    await set.allCleared(60_000);
  });
});
