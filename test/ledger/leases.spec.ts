import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../src/database/database.js';
import { assertHeld, type Lease, LeaseLost } from '../../src/ledger/lease.js';
import { LeaseBook, storedReports, survey } from '../../src/ledger/lease-book.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { until } from '../support/until.js';
import { event, LedgerBench, SETTINGS } from './bench.js';
import { postgres, type TestDatabase } from './databases.js';
import { memberIds, registerPortals } from './portals.js';

/** No lease of a test ends by itself. */
const LONG_MS = 3_600_000;

describe('leases on PostgreSQL', () => {
  let place: TestDatabase;
  let database: Database;
  const others: Database[] = [];
  beforeAll(async () => {
    place = await postgres.createMigrated();
    database = openDatabase(place.url);
  });
  beforeEach(async () => {
    for (const table of ['deliveries', 'portals', 'replicas', 'leases'] as const) {
      await database.db.deleteFrom(table).execute();
    }
  });
  afterEach(async () => {
    for (const other of others.splice(0)) await other.db.destroy();
  });
  afterAll(async () => {
    await database.db.destroy();
    await place.remove();
  });
  const connect = (idleInTransactionMs?: number) => {
    const other = openDatabase(place.url, idleInTransactionMs === undefined ? {} : { idleInTransactionMs });
    others.push(other);
    return other;
  };
  const book = (replica: string, leaseMs = LONG_MS) => new LeaseBook(connect(), replica, leaseMs);
  /** As if the time of all leases were over. */
  const expireAll = () => database.db.updateTable('leases').set({ expires_at: 1 }).execute();
  const ids = (leases: readonly Lease[]) => leases.map(({ memberId }) => memberId).sort();
  const one = async (leases: Promise<Lease[]>): Promise<Lease> => {
    const [lease] = await leases;
    if (lease === undefined) throw new Error('nothing was acquired');
    return lease;
  };

  it('are given to one replica each, however many ask at once', async () => {
    await registerPortals(database, memberIds(60));
    const books = Array.from({ length: 6 }, (_, index) => book(`r${index}`));
    const taken = await Promise.all(books.map((each) => each.acquire(20)));
    const all = taken.flat().map(({ memberId }) => memberId);
    expect(new Set(all).size).toBe(all.length);
    // Whoever left a row to somebody who then had enough finds it at the next look.
    for (const each of books) all.push(...(await each.acquire(20)).map(({ memberId }) => memberId));
    expect(all.sort()).toEqual(memberIds(60).sort());
  });

  it('go to another replica when they have expired, not before, and under a higher epoch', async () => {
    await registerPortals(database, ['m1']);
    const [a, b] = [book('a'), book('b')];
    const mine = await one(a.acquire(1));
    expect(await b.acquire(1)).toEqual([]);
    await expireAll();
    const theirs = await one(b.acquire(1));
    expect(theirs).toEqual({ memberId: 'm1', owner: 'b', epoch: mine.epoch + 1 });
    expect(await a.renew([mine])).toEqual(new Set());
    expect(await b.renew([theirs])).toEqual(new Set(['m1']));
  });

  it('are kept by renewing them, but not once they have expired', async () => {
    await registerPortals(database, ['m1']);
    const a = book('a', 60_000);
    const lease = await one(a.acquire(1));
    const expiry = async () => (await database.db.selectFrom('leases').select('expires_at').execute())[0];
    const before = (await expiry())?.expires_at ?? 0;
    await pause(20);
    expect(await a.renew([lease])).toEqual(new Set(['m1']));
    expect((await expiry())?.expires_at).toBeGreaterThan(before);
    await expireAll();
    expect(await a.renew([lease])).toEqual(new Set());
  });

  it('that are released or left behind are free at once', async () => {
    await registerPortals(database, memberIds(3));
    const [a, b] = [book('a'), book('b')];
    await a.heartbeat(null);
    await b.heartbeat(null);
    const leases = await a.acquire(3);
    await a.release(leases.slice(0, 1));
    expect(ids(await b.acquire(3))).toEqual(ids(leases.slice(0, 1)));
    await a.leave();
    expect(ids(await b.acquire(3))).toEqual(ids(leases.slice(1)));
    expect((await b.survey()).replicas).toEqual(['b']);
  });

  it('of portals that are registered no longer are given to nobody', async () => {
    await registerPortals(database, memberIds(2));
    const a = book('a');
    await a.release(await a.acquire(2));
    await database.db.deleteFrom('portals').where('member_id', '=', 'm1').execute();
    expect(ids(await a.acquire(2))).toEqual(['m2']);
  });

  it('know who is alive by the heartbeats', async () => {
    await registerPortals(database, memberIds(4));
    const [a, b] = [book('a'), book('b', 200)];
    await a.heartbeat(null);
    await a.acquire(1);
    let seen = await a.survey();
    // On a busy database a heartbeat as short as that may be over when it is looked for.
    await until('both to be seen', async () => {
      await b.heartbeat(null);
      seen = await a.survey();
      return seen.replicas.length === 2;
    });
    expect(seen).toEqual({ replicas: ['a', 'b'], portals: 4, owned: { a: 1 } });
    await until('the end of the heartbeat', async () => (await a.survey()).replicas.length === 1);
  });

  it('are counted by those who have them, through whatever happens to them', async () => {
    await registerPortals(database, memberIds(6));
    const [a, b] = [book('a'), book('b')];
    await a.heartbeat(null);
    await b.heartbeat(null);
    const owned = async () => {
      const [noted, counted] = [await b.survey(), await survey(database.db)];
      expect(noted).toEqual(counted);
      return noted.owned;
    };
    const mine = await a.acquire(4);
    await b.acquire(1);
    expect(await owned()).toEqual({ a: 4, b: 1 });
    await a.release(mine.slice(0, 1));
    expect(await owned()).toEqual({ a: 3, b: 1 });
    // An answer that was lost: of these leases nobody knows, and they are not renewed.
    await a.acquire(1);
    expect(await owned()).toEqual({ a: 4, b: 1 });
    await database.db
      .updateTable('leases')
      .set({ expires_at: 1 })
      .where('owner', '=', 'a')
      .where((eb) => eb.not(eb('member_id', 'in', ids(mine.slice(1)))))
      .execute();
    expect(await a.renew(mine.slice(1))).toEqual(new Set(ids(mine.slice(1))));
    expect(await owned()).toEqual({ a: 3, b: 1 });
    await a.renew(mine.slice(1, 2));
    expect((await b.survey()).owned).toEqual({ a: 1, b: 1 });
    await a.leave();
    expect(await owned()).toEqual({ b: 1 });
  });

  it('of a replica that notes nothing, as versions before did, are counted one by one', async () => {
    await registerPortals(database, memberIds(3));
    const [a, b] = [book('a'), book('b')];
    await a.heartbeat(null);
    await a.acquire(2);
    await database.db.updateTable('replicas').set({ held: null }).execute();
    await b.heartbeat(null);
    expect(await b.survey()).toEqual({ replicas: ['a', 'b'], portals: 3, owned: { a: 2 } });
  });

  it('come with what replicas tell, until they are gone', async () => {
    const a = new LeaseBook(connect(), 'a', LONG_MS);
    const told = (known: readonly (readonly [string, number])[] = []) =>
      storedReports(database.db, new Map(known));
    await a.heartbeat('first');
    const [first, ...others] = await told();
    expect(others).toEqual([]);
    expect(first).toMatchObject({ replica: 'a', text: 'first' });
    const { writtenAt = 0, age = -1 } = first ?? {};
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(10_000);
    // A heartbeat without news leaves what was told, and when.
    await a.heartbeat(null);
    expect(await told()).toMatchObject([{ replica: 'a', writtenAt, text: 'first' }]);
    expect(await told([['a', writtenAt]])).toMatchObject([{ replica: 'a', writtenAt, text: null }]);
    await pause(5);
    await a.heartbeat('second');
    expect(await told([['a', writtenAt]])).toMatchObject([{ replica: 'a', text: 'second' }]);
    // A version that tells nothing heartbeats as it always did.
    await sql`insert into replicas (id, beat_until) values ('old', ${Date.now() + LONG_MS})`.execute(
      database.db,
    );
    await book('silent').heartbeat(null);
    expect((await told()).map(({ replica }) => replica)).toEqual(['a']);
    await database.db.updateTable('replicas').set({ beat_until: 1 }).execute();
    expect(await told()).toEqual([]);
  });

  describe('a fenced ledger', () => {
    const reserved = {
      type: 'reserved' as const,
      batch: { processId: 'p1', events: [event('e1')], errored: false, held: true },
    };
    const fenced = (lease: Lease, refused: () => void = () => undefined) =>
      new Ledger(connect(), SETTINGS).fencedBy(lease, refused);
    const written = async () => (await new LedgerBench(() => database).all()).length;

    it('writes as long as nobody else has the lease, even when it has expired', async () => {
      await registerPortals(database, ['m1']);
      const lease = await one(book('a').acquire(1));
      const ledger = fenced(lease);
      await expireAll();
      await ledger.applyRound('m1', [reserved]);
      expect(await written()).toBe(1);
    });

    it('refuses every write of a former owner, changes nothing, and says so', async () => {
      await registerPortals(database, ['m1']);
      const lease = await one(book('a').acquire(1));
      let refusals = 0;
      const ledger = fenced(lease, () => (refusals += 1));
      await ledger.applyRound('m1', [reserved]);
      await expireAll();
      await book('b').acquire(1);
      const [delivery] = await ledger.nextPublishable('m1', 'reserved', 0, 10);
      if (delivery === undefined) throw new Error('nothing to publish');
      const before = await new LedgerBench(() => database).all();
      for (const write of [
        () => ledger.applyRound('m1', [{ type: 'cleared', processId: 'p1', rowIds: [delivery.rowId] }]),
        () => ledger.settleSilent('m1'),
        () => ledger.releaseUnmarkable('m1', true),
        () => ledger.recordPublished([delivery]),
        () => ledger.recordDead([{ seq: delivery.seq, reason: 'late' }]),
      ]) {
        await expect(write()).rejects.toThrow(LeaseLost);
      }
      expect(refusals).toBe(5);
      expect(await new LedgerBench(() => database).all()).toEqual(before);
    });

    it('is not overtaken in the middle of a write, and does not hold up the renewals', async () => {
      await registerPortals(database, ['m1']);
      const [a, b] = [book('a'), book('b')];
      const lease = await one(a.acquire(1));
      let finish: () => void = () => undefined;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      let begun = false;
      const writing = connect()
        .db.transaction()
        .execute(async (tx) => {
          await assertHeld(tx, lease);
          begun = true;
          await finished;
        });
      await until('the write to be under way', () => begun);
      expect(await a.renew([lease])).toEqual(new Set(['m1']));
      await expireAll();
      expect(await b.acquire(1)).toEqual([]);
      finish();
      await writing;
      expect(ids(await b.acquire(1))).toEqual(['m1']);
    });

    it('of a process that was paused in the middle of a write does not keep the lease from others', async () => {
      await registerPortals(database, ['m1']);
      const lease = await one(book('a').acquire(1));
      await expireAll();
      const b = book('b');
      // Connected: what is done below has to be over while the transaction lives.
      expect((await b.survey()).portals).toBe(1);
      const paused = connect(2000)
        .db.transaction()
        .execute(async (tx) => {
          await assertHeld(tx, lease);
          expect(await b.acquire(1)).toEqual([]);
          await until('the lease to be free', async () => (await b.acquire(1)).length === 1);
          await assertHeld(tx, lease);
        });
      await expect(paused).rejects.toThrow();
    });
  });
});
