import { expect, it } from '@jest/globals';
import { type LedgerChange } from '../../src/ledger/ledger-change.js';
import { type ReservedEvent } from '../../src/ledger/record-reserved.js';
import { parseJson, writeJson } from '../../src/json/exact-json.js';
import { CHANGED_AT, event, LedgerBench, MEMBER } from './bench.js';
import { onEveryDatabase } from './databases.js';

const journaled = (events: readonly ReservedEvent[], errored = false): LedgerChange => ({
  type: 'journaled',
  events,
  errored,
});

onEveryDatabase('the journal keeps what is listed until it is taken', (open) => {
  it('as it was listed, oldest change first, the latest copy of each row', async () => {
    const bench = new LedgerBench(open);
    await bench.ledger.applyRound(MEMBER, [
      journaled([event('m1'), event('m2', { changedAt: CHANGED_AT - 9, data: null, userId: null })]),
      journaled([event('m3', { changedAt: CHANGED_AT - 5 })], true),
    ]);
    expect((await bench.ledger.snapshot(MEMBER)).journal).toEqual([
      { ...event('m2', { changedAt: CHANGED_AT - 9, data: null, userId: null }), errored: false },
      { ...event('m3', { changedAt: CHANGED_AT - 5 }), errored: true },
      { ...event('m1'), errored: false },
    ]);

    const newer = event('m2', { changedAt: CHANGED_AT + 3, data: { FIELDS: { ID: '2' } }, userId: '9' });
    await bench.ledger.applyRound(MEMBER, [journaled([newer])]);
    // A row that is listed no more stays: it may have been handed over in an answer that was lost.
    expect((await bench.ledger.snapshot(MEMBER)).journal.map((row) => row.messageId)).toEqual([
      'm3',
      'm1',
      'm2',
    ]);
    expect((await bench.ledger.snapshot(MEMBER)).journal.at(-1)).toEqual({ ...newer, errored: false });
  });

  it('with its numbers as they were written', async () => {
    const bench = new LedgerBench(open);
    const data = '{"FIELDS":{"ID":9007199254740993,"SUM":100.00}}';
    await bench.ledger.applyRound(MEMBER, [journaled([event('m1', { data: parseJson(data) })])]);
    const { journal } = await bench.ledger.snapshot(MEMBER);
    expect(journal.map((row) => writeJson(row.data))).toEqual([data]);
  });

  it('each portal for itself, and none of it in flight', async () => {
    const bench = new LedgerBench(open);
    await bench.ledger.applyRound(MEMBER, [journaled([event('m1')])]);
    await bench.ledger.applyRound('other', [journaled([event('m2', { rowId: '1' })])]);
    expect((await bench.ledger.snapshot('other')).journal.map((row) => row.messageId)).toEqual(['m2']);
    expect(await bench.ledger.snapshot(MEMBER)).toMatchObject({ inFlight: 0 });
    await bench.ledger.applyRound('other', [{ type: 'journal_taken', rowIds: ['1'] }]);
    expect((await bench.ledger.snapshot('other')).journal).toEqual([]);
    expect((await bench.ledger.snapshot(MEMBER)).journal).toHaveLength(1);
  });

  it('and hands it on in the breath in which it forgets it', async () => {
    const bench = new LedgerBench(open);
    await bench.ledger.applyRound(MEMBER, [journaled([event('m1'), event('m2')])]);
    await bench.ledger.applyRound(MEMBER, [
      {
        type: 'reserved',
        batch: { processId: 'journal-1', events: [event('m1')], errored: false, held: false },
      },
      { type: 'journal_taken', rowIds: ['1', '99'] },
    ]);
    expect((await bench.ledger.snapshot(MEMBER)).journal.map((row) => row.rowId)).toEqual(['2']);
    expect(await bench.get('m1', 'journal-1')).toMatchObject({ state: 'reserved', held: 0 });
  });

  it('with two changes of one object side by side', async () => {
    const bench = new LedgerBench(open);
    await bench.ledger.applyRound(MEMBER, [
      journaled([event('m1', { rowId: '1' }), event('m1', { rowId: '2' }), event('m1', { rowId: '2' })]),
    ]);
    expect((await bench.ledger.snapshot(MEMBER)).journal.map((row) => row.rowId).sort()).toEqual(['1', '2']);
  });

  it('takes and forgets more at once than one statement may bind', async () => {
    const bench = new LedgerBench(open);
    const events = Array.from({ length: 2500 }, (_, index) => event(`m${index}`));
    await bench.ledger.applyRound(MEMBER, [journaled(events)]);
    expect((await bench.ledger.snapshot(MEMBER)).journal).toHaveLength(2500);
    await bench.ledger.applyRound(MEMBER, [
      { type: 'journal_taken', rowIds: events.map((each) => each.rowId) },
    ]);
    expect((await bench.ledger.snapshot(MEMBER)).journal).toEqual([]);
  });
});
