import { expect, it } from '@jest/globals';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { TROUBLED } from '../../src/ledger/trouble.js';
import { CHANGED_AT, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const OTHER = 'b223c6b3710f85df22e9377d6c4f7553';
const TROUBLE = { states: TROUBLED };

onEveryDatabase('what lists of events are drawn from', (open) => {
  const setUp = () => ({ bench: new LedgerBench(open), admin: new LedgerAdmin(open(), SETTINGS) });

  it('groups by reason, the largest group first, and finds exactly the events of one', async () => {
    const { bench, admin } = setUp();
    const put = (message: string, reason: string | null, member = MEMBER, stateAt = START) =>
      bench.put({ message, state: 'dead', reason, member, stateAt });
    await put('m1', 'customer 42 is unknown');
    await put('m2', 'customer 42 is unknown', OTHER, START + 5000);
    await put('m3', 'customer 42 is unknown', MEMBER, START + 1000);
    await put('m4', null);
    await put('m5', 'customer 4_ is unknown');
    await bench.put({ message: 'm6', state: 'processed', reason: 'customer 42 is unknown' });

    const groups = await admin.reasons(TROUBLE, 10);
    expect(groups[0]).toEqual({
      reason: 'customer 42 is unknown',
      events: 3,
      portals: 2,
      lastAt: START + 5000,
    });
    expect(groups.map(({ reason, events }) => [reason, events])).toContainEqual([null, 1]);
    expect(groups).toHaveLength(3);
    expect(await admin.reasons(TROUBLE, 1)).toEqual(groups.slice(0, 1));
    expect(await admin.count({ ...TROUBLE, reason: 'customer 42 is unknown' })).toEqual({ dead: 3 });
    expect(await admin.count({ ...TROUBLE, reason: 'customer 4_ is unknown' })).toEqual({ dead: 1 });
    expect(await admin.count({ ...TROUBLE, reason: null })).toEqual({ dead: 1 });
  });

  it('follows events from one delivery to the next, in the order that is asked for', async () => {
    const { bench, admin } = setUp();
    await bench.put({ message: 'm1', state: 'marked', held: 0 });
    await bench.put({ message: 'm2', state: 'dead' });
    await bench.put({ message: 'm1', process: 'p2', state: 'waiting', attempt: 2 });
    await bench.put({ message: 'm1', process: 'p3', state: 'dead', changedAt: CHANGED_AT + 1 });
    const name = (rowId: string, changedAt = CHANGED_AT) => ({ memberId: MEMBER, rowId, changedAt });
    const found = await admin.lastOf([name('2'), name('9'), name('1')]);
    expect(found.map(({ row_id: row, process_id: process }) => [row, process])).toEqual([
      ['2', 'p1'],
      ['1', 'p2'],
    ]);
    expect(await admin.lastOf([])).toEqual([]);
  });

  it('has the deliveries that are named by their numbers, in that order, without those that are gone', async () => {
    const { bench, admin } = setUp();
    const [first = 0, second = 0] = await bench.put(
      { message: 'm1', state: 'dead' },
      { message: 'm2', state: 'dead' },
    );
    const found = await admin.records([second, 1_000_000, first]);
    expect(found.map(({ seq }) => seq)).toEqual([second, first]);
    expect(await admin.records([])).toEqual([]);
  });

  it('pages from the oldest on as it does from the latest', async () => {
    const { bench, admin } = setUp();
    for (let number = 1; number <= 5; number += 1)
      await bench.put({ message: `m${number}`, state: 'dead', stateAt: START + Math.floor(number / 2) });
    const pages = async (order: 'latest' | 'oldest') => {
      const rows: string[] = [];
      let after: { stateAt: number; seq: number } | undefined;
      for (;;) {
        const page = await admin.latest(TROUBLE, 2, after, order);
        const last = page.at(-1);
        if (last === undefined) return rows;
        rows.push(...page.map(({ row_id: row }) => row));
        after = { stateAt: last.state_at, seq: last.seq };
      }
    };
    expect(await pages('oldest')).toEqual(['1', '2', '3', '4', '5']);
    expect(await pages('latest')).toEqual(['5', '4', '3', '2', '1']);
  });
});
