import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { openDatabase } from '../../src/database/database.js';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { HistoryNotWritten } from '../../src/ledger/history/keep-history.js';
import { event, LedgerBench, MEMBER, SETTINGS } from './bench.js';
import { DATABASE_KINDS, onEveryDatabase } from './databases.js';

const HOUR = 3_600_000;

type HistoryTable = 'history' | 'event_log';

onEveryDatabase('a history that cannot be written loses nothing', (open, kind) => {
  let bench: LedgerBench;
  beforeEach(() => {
    bench = new LedgerBench(open);
  });

  const run = (statement: string) => sql.raw(statement).execute(open().db);
  /** From here on nothing is added to a table, as on a full disk. */
  const fill = async (table: HistoryTable) => {
    if (kind.embedded) {
      await run(
        `create trigger full_${table} before insert on ${table} begin select raise(abort, 'database or disk is full'); end`,
      );
      return;
    }
    await run(`create or replace function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'database or disk is full' using errcode = '53100'; end $$`);
    await run(`create trigger full_${table} before insert on ${table} execute function refuse()`);
  };
  const free = (table: HistoryTable) =>
    run(`drop trigger full_${table}${kind.embedded ? '' : ` on ${table}`}`);
  const steps = async () =>
    (await open().db.selectFrom('event_log').select(['what', 'by_whom']).orderBy('no').execute()).map(
      ({ what, by_whom: by }) => (by === null ? what : `${what} ${by}`),
    );
  const past = () => open().db.selectFrom('history').select(['row_id', 'outcome']).execute();
  /** Processed, cleared on the portal, past its time. */
  const settle = async () => {
    await bench.reserve('p1', [event('m1')]);
    await bench.publish();
    await bench.reply('processed', 'm1');
    await bench.ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p1', rowIds: ['1'] }]);
    bench.now += HOUR;
  };

  it('of what is settled: its record stays until it is written, and the error says so', async () => {
    await settle();
    await fill('history');
    const failed: unknown = await bench.ledger.purge().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(HistoryNotWritten);
    expect((failed as Error).message).toBe(
      'the history cannot be written, records of settled events stay until it can: database or disk is full',
    );
    expect(await bench.get('m1')).toMatchObject({ state: 'processed' });
    expect(await past()).toEqual([]);
    // Rounds, publishing and replies go on meanwhile.
    await bench.reserve('p2', [event('m2')]);
    expect(await bench.publish()).toBe(1);
    await bench.reply('failed', 'm2', { processId: 'p2' });
    expect(await bench.get('m2', 'p2')).toMatchObject({ state: 'failed' });
    await free('history');
    expect(await bench.ledger.purge()).toBe(1);
    expect(await bench.find('m1')).toBeUndefined();
    expect(await past()).toEqual([{ row_id: '1', outcome: 1 }]);
  });

  it('of an attempt that failed: the reply is not taken, and comes again', async () => {
    await bench.reserve('p1', [event('m1')]);
    await bench.publish();
    await fill('event_log');
    await expect(bench.reply('failed', 'm1', { reason: 'no stock' })).rejects.toThrow(
      'database or disk is full',
    );
    expect(await bench.get('m1')).toMatchObject({ state: 'published', reason: null });
    await free('event_log');
    await bench.reply('failed', 'm1', { reason: 'no stock' });
    expect(await bench.get('m1')).toMatchObject({ state: 'failed', reason: 'no stock' });
    expect(await steps()).toEqual(['failed']);
  });

  it('of a mark: the round is not written, and its answer is applied again', async () => {
    await bench.reserve('p1', [event('m1')]);
    await bench.publish();
    await bench.reply('failed', 'm1');
    const round = () =>
      bench.ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m1'] }]);
    await fill('event_log');
    await expect(round()).rejects.toThrow('database or disk is full');
    expect(await bench.get('m1')).toMatchObject({ state: 'failed' });
    await free('event_log');
    await round();
    expect(await bench.get('m1')).toMatchObject({ state: 'marked' });
    expect(await steps()).toEqual(['failed', 'marked']);
  });

  it('of what somebody did: it is not done, and whoever asked is told', async () => {
    const admin = new LedgerAdmin(open(), SETTINGS, () => bench.now);
    const [seq = 0] = await bench.put({ message: 'm1', state: 'dead', attempt: 4, held: 0 });
    const hand = { by: 'alice' };
    await fill('event_log');
    await expect(admin.retryNow([seq], hand)).rejects.toThrow('database or disk is full');
    await expect(admin.discard([seq], hand)).rejects.toThrow('database or disk is full');
    expect(await bench.get('m1')).toMatchObject({ state: 'dead', attempt: 4 });
    await free('event_log');
    expect(await admin.retryNow([seq], hand)).toMatchObject({ renewed: 1 });
    expect(await steps()).toEqual(['retried alice']);
  });
});

onEveryDatabase(
  'a history that somebody keeps locked',
  (open, _kind, url) => {
    it('holds up the deletion of settled records, and nothing else', async () => {
      const bench = new LedgerBench(open);
      await bench.reserve('p1', [event('m1')]);
      await bench.publish();
      await bench.reply('processed', 'm1');
      await bench.ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p1', rowIds: ['1'] }]);
      bench.now += HOUR;
      const other = openDatabase(url());
      let purged: number | null = null;
      let purging: Promise<void> = Promise.resolve();
      try {
        await other.db.transaction().execute(async (tx) => {
          await sql`lock table history in access exclusive mode`.execute(tx);
          purging = bench.ledger.purge().then((count) => void (purged = count));
          await bench.reserve('p2', [event('m2')]);
          expect(await bench.publish()).toBe(1);
          await bench.reply('failed', 'm2', { processId: 'p2' });
          await pause(100);
          expect(purged).toBeNull();
        });
        await purging;
      } finally {
        await other.db.destroy();
      }
      expect(purged).toBe(1);
      expect(await bench.find('m1')).toBeUndefined();
      expect(await bench.get('m2', 'p2')).toMatchObject({ state: 'failed' });
      expect(await open().db.selectFrom('history').select('row_id').execute()).toEqual([{ row_id: '1' }]);
    });
  },
  DATABASE_KINDS.filter(({ embedded }) => !embedded),
);
