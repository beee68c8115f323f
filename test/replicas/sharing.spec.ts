import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '../../scripts/free-ports.mjs';
import { begin } from '../cli/command-line.js';
import { linesOf } from '../support/before-install.js';
import { until } from '../support/until.js';
import { ReplicaSet, START_WITHIN_MS } from './replica-set.js';

jest.setTimeout(180_000);

const NAMES = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];

describe('replicas on one database', () => {
  let set: ReplicaSet;
  afterEach(() => set.close());

  it('share the portals equally, and whichever is told of a change or a failure, the owner acts', async () => {
    const port = await freePort();
    set = await ReplicaSet.prepare(NAMES, {
      // Without a wake a portal would be looked at when the test is over.
      settings: {
        DRAIN_INTERVAL_MS: '3600000',
        SETTLE_AFTER_MS: '3600000',
        PUBLIC_URL: `http://127.0.0.1:${port}`,
      },
      onEvent: (event, downstream) => {
        downstream.reply({ status: 'failed', reason: 'no such customer' }, event);
        downstream.channel.ack(event.message);
      },
    });
    const first = set.start({ HTTP_PORT: String(port) });
    await set.shared([first], [6], START_WITHIN_MS);
    set.start();
    await set.shared(set.replicas, [3, 3], START_WITHIN_MS);
    set.start();
    await set.shared(set.replicas, [2, 2, 2], START_WITHIN_MS);
    const owned = await Promise.all(set.replicas.map((replica) => set.ownedBy(replica)));
    expect(owned.flat().sort()).toEqual(NAMES);
    const { stdout } = await begin(first, ['doctor'], first.settings).ended;
    expect(stdout).toMatch(/replicas\s+3 share 6 portals: \S+ 2, \S+ 2, \S+ 2/);
    for (const replica of set.replicas) await replica.logged('replies.consuming', START_WITHIN_MS);
    await until('the notifications to be bound', () =>
      set.portals().every((portal) => portal.bindings().some(({ event }) => event === 'ONOFFLINEEVENT')),
    );
    // All notifications come to the first, two thirds of them for portals of others.
    set.push(1);
    await set.allDelivered();
    await set.explained(() =>
      until('every failure to be marked', () =>
        set.portals().every((portal) => portal.rows().every((row) => row.ERROR === 1)),
      ),
    );
    expect(set.portals().map(({ counters }) => counters.overlaps)).toEqual(NAMES.map(() => 0));
  });

  it('that start together make the tables and install the first portal once', async () => {
    set = await ReplicaSet.prepare(['acme'], { installed: false });
    const [portal] = set.portals();
    if (portal === undefined) throw new Error('no portal');
    const first = { B24_DOMAIN: portal.domain, B24_REFRESH_TOKEN: portal.issueRefreshToken() };
    for (let index = 0; index < 3; index += 1) set.start(first);
    for (const replica of set.replicas) await replica.logged('replies.consuming', START_WITHIN_MS);
    await set.explained(() =>
      until(
        'bindings',
        () =>
          portal.bindings().length > 0 &&
          set.replicas.some((each) => each.find('lease.acquired') !== undefined),
      ),
    );
    set.push(3);
    await set.allDelivered();
    expect(portal.counters.tokenRequests).toBe(1);
    const lines = (event: string) => set.replicas.flatMap((replica) => linesOf(replica, event));
    expect(lines('portal.installed')).toHaveLength(1);
    expect(lines('portal.not_installed')).toEqual([]);
    expect(lines('database.unavailable')).toEqual([]);
    expect(lines('lease.acquired')).toHaveLength(1);
  });
});
