import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { NotifyChannel } from '../../src/replicas/notify-channel.js';
import { LeasedOwnership } from '../../src/replicas/leased-ownership.js';
import { type ClockReading } from '../../src/replicas/clock-reading.js';
import { type PortalLoops, type ReplicaListener } from '../../src/replicas/ownership.js';
import { LeaseBook } from '../../src/ledger/lease-book.js';
import { type Log, type LogFields } from '../../src/logging/log.js';
import { postgres, type TestDatabase } from '../ledger/databases.js';
import { memberIds, registerPortals } from '../ledger/portals.js';
import { until } from '../support/until.js';

/** Long enough for a machine that is busy with other things to renew it in time. */
const LEASE_MS = 4000;

/** One replica's share of the portals, without loops. */
class Sharer implements PortalLoops, ReplicaListener {
  readonly owned = new Set<string>();
  readonly lines: LogFields[] = [];
  readonly ownership: LeasedOwnership;
  readonly channel: NotifyChannel;
  private finish: (() => void)[] = [];
  slowLoops = false;
  /** How far its clocks have gone while it was paused. */
  readonly paused: ClockReading = { monotonic: 0, wall: 0 };
  unreachable = false;

  constructor(
    url: string,
    readonly name: string,
    private readonly others: () => readonly Sharer[],
  ) {
    this.channel = new NotifyChannel(url, 2000);
    const book = new LeaseBook(this.channel.database, name, LEASE_MS);
    const ask = <T>(query: () => Promise<T>) =>
      this.unreachable ? Promise.reject(new Error('no database')) : query();
    this.ownership = new LeasedOwnership({
      book: {
        replica: name,
        heartbeat: (report) => ask(() => book.heartbeat(report)),
        renew: (leases) => ask(() => book.renew(leases)),
        survey: () => ask(() => book.survey()),
        acquire: (limit) => ask(() => book.acquire(limit)),
        release: (leases) => ask(() => book.release(leases)),
        leave: () => ask(() => book.leave()),
      },
      leaseMs: LEASE_MS,
      unreachable: () => this.channel.hangUp(),
      log: this.log(),
      readClock: () => ({
        monotonic: performance.now() + this.paused.monotonic,
        wall: Date.now() + this.paused.wall,
      }),
    });
  }

  leasesChanged(): void {
    this.others().forEach((other) => other.ownership.wake());
  }

  report(): string | null {
    return null;
  }

  gained(ids: readonly string[]): void {
    ids.forEach((id) => this.owned.add(id));
  }

  lost(ids: readonly string[]): void {
    ids.forEach((id) => this.owned.delete(id));
  }

  async handOver(id: string): Promise<void> {
    if (this.slowLoops) await new Promise<void>((resolve) => this.finish.push(resolve));
    this.lost([id]);
  }

  /** Until it is called, loops of what is handed over do not end where they are slow. */
  finishLoops(): void {
    this.slowLoops = false;
    for (const finish of this.finish.splice(0)) finish();
  }

  logged(event: string): LogFields[] {
    return this.lines.filter((line) => line.event === event);
  }

  private log(): Log {
    const write = (fields: LogFields) => void this.lines.push(fields);
    return { debug: write, info: write, warn: write, error: write };
  }
}

describe('portals shared by replicas', () => {
  let place: TestDatabase;
  let database: Database;
  const sharers: Sharer[] = [];
  beforeAll(async () => {
    place = await postgres.create();
    database = openDatabase(place.url);
    await migrate(database);
  });
  beforeEach(async () => {
    for (const table of ['portals', 'replicas', 'leases'] as const) {
      await database.db.deleteFrom(table).execute();
    }
  });
  afterEach(async () => {
    for (const sharer of sharers.splice(0)) {
      sharer.unreachable = false;
      sharer.finishLoops();
      await sharer.ownership.leave();
      await sharer.channel.close();
    }
  });
  afterAll(async () => {
    await database.db.destroy();
    await place.remove();
  });
  const join = (name: string): Sharer => {
    const sharer: Sharer = new Sharer(place.url, name, () => sharers.filter((other) => other !== sharer));
    sharers.push(sharer);
    sharer.ownership.start(sharer, sharer);
    return sharer;
  };
  const counts = () => sharers.map(({ owned }) => owned.size);
  const shared = (...wanted: number[]) =>
    until(`shares of ${wanted.join(', ')}; they are ${counts().join(', ')}`, () =>
      wanted.every((count, index) => counts()[index] === count),
    );
  const disjoint = () => {
    const all = sharers.flatMap(({ owned }) => [...owned]);
    expect(new Set(all).size).toBe(all.length);
  };

  it('come to equal shares as replicas join and leave, with one line for each change', async () => {
    await registerPortals(database, memberIds(7));
    const a = join('a');
    await shared(7);
    expect(a.logged('lease.acquired')).toEqual([{ event: 'lease.acquired', portals: 7, owned: 7 }]);
    const b = join('b');
    await shared(4, 3);
    join('c');
    await until('equal shares', () => [...counts()].sort().join() === '2,2,3');
    disjoint();
    // What goes to the second one goes at once. Two who give to the third at the same time may give one too many, and
    // it comes back.
    expect(a.logged('lease.released')[0]).toMatchObject({ portals: 3, owned: 4 });
    expect(a.logged('lease.released').length).toBeLessThanOrEqual(6);
    let owned = 0;
    for (const line of a.lines.filter(({ event }) => /^lease\.(acquired|released)$/.test(event))) {
      owned += line.event === 'lease.acquired' ? Number(line['portals']) : -Number(line['portals']);
      expect(line['owned']).toBe(owned);
    }
    await b.ownership.leave();
    b.owned.clear();
    await until('the others to have all', () => (counts()[0] ?? 0) + (counts()[2] ?? 0) === 7);
    disjoint();
    // The other may have taken all of them before this one has looked.
    await until('it to see who is left', () => a.logged('replicas.changed').length >= 4);
    expect(a.logged('replicas.changed').map((line) => line['replicas'])).toEqual([1, 2, 3, 2]);
    expect(a.logged('lease.lost')).toEqual([]);
  });

  it('that are registered later are found', async () => {
    const a = join('a');
    await registerPortals(database, memberIds(2));
    await shared(2);
    expect(a.ownership.count).toBe(2);
  });

  it('are given to the other only when their loops have ended, and may be acted on until then', async () => {
    await registerPortals(database, memberIds(2));
    const a = join('a');
    await shared(2);
    const permits = memberIds(2).map((id) => a.ownership.permit(id));
    a.slowLoops = true;
    const b = join('b');
    await until('the hand-over', () => memberIds(2).some((id) => a.ownership.permit(id) === null));
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS / 2));
    expect(permits.every((permit) => permit?.valid())).toBe(true);
    expect(b.owned.size).toBe(0);
    a.finishLoops();
    await shared(1, 1);
    disjoint();
    expect(permits.filter((permit) => permit?.valid())).toHaveLength(1);
  });

  it.each(['monotonic', 'wall'] as const)(
    'are lost to a replica as soon as its %s clock says that the lease is over, whatever the database says',
    async (clock) => {
      await registerPortals(database, memberIds(2));
      const a = join('a');
      await shared(2);
      const permit = a.ownership.permit('m1');
      expect(permit?.valid()).toBe(true);
      a.unreachable = true;
      Object.assign(a.paused, { [clock]: LEASE_MS });
      expect(permit?.valid()).toBe(false);
      expect(a.ownership.holds('m1')).toBe(false);
      expect(a.ownership.permit('m1')).toBeNull();
      await until('the loops to be stopped', () => a.owned.size === 0);
      // The old right does not come back with the new one.
      a.unreachable = false;
      await until('new leases', () => a.owned.size === 2);
      expect(permit?.valid()).toBe(false);
      expect(a.ownership.permit('m1')?.lease?.epoch).toBe(2);
    },
  );

  it('of a replica that has no database any more stop by themselves, and another drains them', async () => {
    await registerPortals(database, memberIds(4));
    const a = join('a');
    const b = join('b');
    await shared(2, 2);
    a.unreachable = true;
    await until('all at the other', () => b.owned.size === 4);
    expect(a.owned.size).toBe(0);
    expect(a.logged('leases.unreachable')).toHaveLength(1);
    a.unreachable = false;
    await shared(2, 2);
    expect(a.logged('leases.reachable')).toHaveLength(1);
  });

  it('that another has taken are dropped when a write is refused', async () => {
    await registerPortals(database, memberIds(1));
    const a = join('a');
    await shared(1);
    a.ownership.permit('m1')?.refused();
    expect(a.owned.size).toBe(0);
    expect(a.logged('lease.lost')).toEqual([
      { event: 'lease.lost', portals: 1, owned: 0, reason: 'another replica has it' },
    ]);
  });
});
