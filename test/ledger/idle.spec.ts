import { expect, it } from '@jest/globals';
import { type KyselyPlugin } from 'kysely';
import Libsql from 'libsql';
import { databaseOver } from '../../src/database/database.js';
import { LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { DATABASE_KINDS, onEveryDatabase } from './databases.js';

const { SETTLE_AFTER_MS } = SETTINGS;

onEveryDatabase('an idle portal costs the ledger one look', (open) => {
  /** A ledger, and how many statements it has asked. */
  function counted(): { bench: LedgerBench; asked: () => number } {
    let count = 0;
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => {
        count += 1;
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    };
    const { db, dialect } = open();
    return {
      bench: new LedgerBench(() => databaseOver(dialect, db.withPlugin(plugin))),
      asked: () => count,
    };
  }

  it('where there is nothing, or nothing but what is settled and cleared', async () => {
    const { bench, asked } = counted();
    await bench.put({ message: 'm1', state: 'processed', held: 0 });
    const before = asked();
    expect(await bench.ledger.snapshotIfInOrder(MEMBER)).toMatchObject({ inFlight: 0 });
    expect(asked() - before).toBe(1);
  });

  it('and nothing at all where there is nothing to write', async () => {
    const { bench, asked } = counted();
    await bench.ledger.applyRound(MEMBER, []);
    await bench.ledger.recordPublished([]);
    await bench.ledger.recordDead([]);
    expect(asked()).toBe(0);
  });

  it('which tells whether anything has been silent long enough, to the millisecond', async () => {
    const bench = new LedgerBench(open);
    const silent = async () => (await bench.ledger.snapshotIfInOrder(MEMBER)) === null;
    await bench.put(
      { message: 'm1', state: 'published', stateAt: START },
      { message: 'm2', state: 'reserved', stateAt: START - SETTLE_AFTER_MS },
      { message: 'm3', state: 'published', stateAt: START - SETTLE_AFTER_MS, member: 'other' },
    );
    expect(await silent()).toBe(false);
    bench.now = START + SETTLE_AFTER_MS - 1;
    expect(await silent()).toBe(false);
    bench.now = START + SETTLE_AFTER_MS;
    expect(await silent()).toBe(true);
    await bench.ledger.settleSilent(MEMBER);
    expect(await silent()).toBe(false);
  });

  it('or was published before the clock was set back, behind what was published since', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'published', stateAt: START },
      { message: 'm2', state: 'published', stateAt: START + SETTLE_AFTER_MS },
    );
    expect(await bench.ledger.snapshotIfInOrder(MEMBER)).not.toBeNull();
    await bench.put({ message: 'm3', state: 'published', stateAt: START + SETTLE_AFTER_MS + 1 });
    expect(await bench.ledger.snapshotIfInOrder(MEMBER)).toBeNull();
    await bench.ledger.settleSilent(MEMBER);
    expect(await bench.ledger.snapshotIfInOrder(MEMBER)).not.toBeNull();
  });

  it('and where it is more, is the same as the whole look', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'processed' },
      { message: 'm2', state: 'marked', held: 0, dueAt: START },
      { message: 'm3', state: 'waiting', dueAt: START },
      { message: 'm4', state: 'published' },
    );
    const snapshot = await bench.ledger.snapshot(MEMBER);
    expect(snapshot).toMatchObject({ inFlight: 2, clearable: [{ rowId: '1' }] });
    expect(await bench.ledger.snapshotIfInOrder(MEMBER)).toEqual(snapshot);
  });

  it.each([
    ['markable', { held: 1, errored: 0 }],
    ['fetched again', { held: 1, errored: 1 }],
    ['not held', { held: 0, errored: 0 }],
  ] as const)('and whether anything has failed (%s)', async (_what, row) => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'failed', ...row });
    expect(await bench.ledger.snapshotIfInOrder(MEMBER)).toBeNull();
  });
});

onEveryDatabase(
  'an idle portal needs no lock',
  (open, _kind, url) => {
    it('so it does not notice another writer', async () => {
      const bench = new LedgerBench(open);
      const other = new Libsql(url().slice('file:'.length));
      other.exec('begin immediate');
      try {
        await bench.ledger.snapshotIfInOrder(MEMBER);
        await bench.ledger.applyRound(MEMBER, []);
      } finally {
        other.exec('rollback');
        other.close();
      }
    });
  },
  DATABASE_KINDS.filter((kind) => kind.embedded && kind.shared),
);
