import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { FAILOVER_WITHIN_MS, ReplicaSet, START_WITHIN_MS } from './replica-set.js';

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
});
