import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { startProxyTo, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { linesOf } from '../support/before-install.js';
import { LEASE_MS, metrics, pause, ReplicaSet, START_WITHIN_MS } from './replica-set.js';

const NAMES = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
/** Longer than a portal waits for its next round, and over before the lease is. */
const HELD_MS = LEASE_MS / 3;

jest.setTimeout(180_000);

describe('a replica that', () => {
  let set: ReplicaSet;
  let proxy: TcpProxy | null = null;
  let pushing: NodeJS.Timeout | undefined;
  afterEach(async () => {
    clearInterval(pushing);
    await set.close();
    await proxy?.close();
    proxy = null;
  });
  /** Changes on every portal, all the time. */
  const keepPushing = () => (pushing = setInterval(() => set.push(1), 100));
  /** Nothing more is pushed; all of it was delivered and has left the portals, and no two requests met. */
  const nothingLost = async () => {
    clearInterval(pushing);
    await set.allDelivered();
    await set.allCleared();
    expect(set.portals().map(({ counters }) => counters.overlaps)).toEqual(NAMES.map(() => 0));
  };

  it('is killed leaves its portals to the others within a lease, and nothing is lost', async () => {
    set = await ReplicaSet.prepare(NAMES);
    await set.startAll(3, [2, 2, 2]);
    keepPushing();
    const [victim, ...others] = set.replicas;
    if (victim === undefined) throw new Error('no replica');
    const orphaned = await set.ownedBy(victim);
    expect(orphaned).toHaveLength(2);
    await victim.stop('SIGKILL');
    const killedAt = Date.now();
    set.push(1);
    await set.allDelivered();
    process.stdout.write(
      `kill -9: all portals delivered again after ${Date.now() - killedAt} ms (lease ${LEASE_MS})\n`,
    );
    await set.shared(others, [3, 3]);
    await nothingLost();
  });

  it('was paused for longer than its lease does not act on what it has lost', async () => {
    // Slow requests and many of them: two owners of one portal would meet there at once.
    set = await ReplicaSet.prepare(NAMES, { serviceTimeMs: 150 });
    await set.startAll(3, [2, 2, 2]);
    keepPushing();
    const [paused, ...others] = set.replicas;
    if (paused === undefined) throw new Error('no replica');
    const lost = await set.ownedBy(paused);
    // Reservations of which it will learn only when it goes on. Of each of its portals one: a round that has come to
    // its end, but for the line in the log, would rightly write it then.
    const held = lost.map((name) =>
      set.emulator.portal(name).inject({ method: 'event.offline.get', kind: 'delay', ms: HELD_MS }),
    );
    await until('rounds under way', () => held.every(({ hits }) => hits > 0));
    paused.signal('SIGSTOP');
    await set.shared(others, [3, 3]);
    await set.allDelivered();
    const before = paused.lines.length;
    paused.signal('SIGCONT');
    await set.explained(() => until('it to notice', () => linesOf(paused, 'lease.lost').length > 0));
    await set.shared(set.replicas, [2, 2, 2]);
    await nothingLost();
    // What it logs of rounds from then on comes after leases that it got anew.
    const events = paused.lines.slice(before).map(({ message }) => message?.event);
    const anew = events.indexOf('lease.acquired');
    expect(anew).toBeGreaterThanOrEqual(0);
    expect(events.slice(0, anew)).not.toContain('round');
  });

  it('cannot reach the database lets go by itself, and is back when it can', async () => {
    set = await ReplicaSet.prepare(NAMES);
    const through = await startProxyTo(set.database.url);
    ({ proxy } = through);
    const cut = set.start({ DATABASE_URL: through.url });
    const other = set.start();
    await set.shared(set.replicas, [3, 3], START_WITHIN_MS);
    keepPushing();
    proxy.stall();
    await set.explained(() => until('it to let go', () => cut.find('lease.lost') !== undefined));
    const requests = async () => /^bridge_portal_requests_total.* (\d+)$/m.exec(await metrics(cut))?.[1];
    // What was under way comes to its end.
    await pause(1500);
    const quiet = await requests();
    await set.shared([other], [6]);
    await set.allDelivered();
    await pause(1000);
    expect(await requests()).toBe(quiet);
    proxy.resume();
    proxy.cut();
    await set.shared(set.replicas, [3, 3]);
    await nothingLost();
  });
});
