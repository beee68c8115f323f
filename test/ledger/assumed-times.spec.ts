import { describe, expect, it } from '@jest/globals';
import { type LedgerChange } from '../../src/ledger/ledger-change.js';
import { type ReservedEvent } from '../../src/ledger/record-reserved.js';
import { type Identified, isSameChange } from '../../src/ledger/same-change.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

/** The row in an answer that was given so many seconds after the first, without a time that can be read. */
const untimed = (after: number, more: Partial<ReservedEvent> = {}) =>
  event('m1', { changedAt: CHANGED_AT + after, timeAssumed: true, ...more });
const timed = (at: number) => event('m1', { changedAt: CHANGED_AT + at });

onEveryDatabase('a change whose time cannot be read', (open) => {
  const mark = (bench: LedgerBench, processId: string) =>
    bench.ledger.applyRound(MEMBER, [{ type: 'marked', processId, messageIds: ['m1'] }]);
  /** Delivered once, failed, marked. */
  async function marked(first = untimed(0)): Promise<LedgerBench> {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [first]);
    await bench.publish();
    await bench.reply('failed', 'm1', { attempt: 1 });
    await mark(bench, 'p1');
    return bench;
  }
  const identity = ({
    changed_at,
    time_assumed,
    attempt,
    state,
  }: Awaited<ReturnType<LedgerBench['get']>>) => ({
    at: changed_at - CHANGED_AT,
    assumed: time_assumed,
    attempt,
    state,
  });

  it('keeps its id through all its attempts, and comes to an end', async () => {
    const bench = await marked();
    await bench.reserve('p2', [untimed(30)], { errored: true });
    expect((await bench.all()).map(identity)).toEqual([{ at: 0, assumed: 1, attempt: 2, state: 'waiting' }]);
    bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    await bench.publish();
    await bench.reply('failed', 'm1', { processId: 'p2', attempt: 2 });
    // Reserved again by an answer that was lost, and adopted.
    await bench.reserve('p3', [untimed(90)], { errored: true });
    expect((await bench.all()).map(identity)).toEqual([{ at: 0, assumed: 1, attempt: 3, state: 'waiting' }]);
    bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    await bench.publish();
    await bench.reply('failed', 'm1', { processId: 'p3', attempt: 3 });
    expect((await bench.get('m1', 'p3')).attempt).toBe(SETTINGS.RETRY_MAX_ATTEMPTS + 1);
  });

  it('keeps it where the time was read at first', async () => {
    const first = await marked(timed(-5));
    await first.reserve('p2', [untimed(30)], { errored: true });
    expect(identity(await first.get('m1', 'p2'))).toMatchObject({ at: -5, assumed: 0, attempt: 2 });
  });

  it('keeps it where its time can be read at last, and is no later than it was first seen', async () => {
    const bench = await marked();
    await bench.reserve('p2', [timed(-5)], { errored: true });
    expect(identity(await bench.get('m1', 'p2'))).toMatchObject({ at: 0, assumed: 1, attempt: 2 });
  });

  it('counts its attempts on, whatever became of it, where its time is read and is the one that was assumed', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [untimed(0)]);
    await bench.publish();
    await bench.reply('processed', 'm1', { attempt: 1 });
    // Somebody else has marked it.
    await bench.reserve('p2', [timed(0)], { errored: true });
    expect(identity(await bench.get('m1', 'p2'))).toMatchObject({ at: 0, attempt: 2, state: 'waiting' });
  });

  it('is a newer one where its time is read and later', async () => {
    const later = await marked();
    await later.reserve('p2', [timed(5)], { errored: true });
    expect((await later.all()).map(identity)).toEqual([{ at: 5, assumed: 0, attempt: 1, state: 'reserved' }]);
  });

  it('is a newer one where another user has changed the object since', async () => {
    const bench = await marked();
    await bench.reserve('p2', [untimed(30, { userId: '2' })], { errored: true });
    expect((await bench.all()).map(identity)).toEqual([
      { at: 30, assumed: 1, attempt: 1, state: 'reserved' },
    ]);
  });

  it('keeps its id when the same row is reserved anew before it was dealt with', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [untimed(0)]);
    await bench.reserve('p1', [untimed(10)]);
    await bench.reserve('p2', [untimed(20)]);
    expect((await bench.all()).map((row) => [row.process_id, row.changed_at - CHANGED_AT])).toEqual([
      ['p1', 0],
      ['p2', 0],
    ]);
  });

  it('has an id of its own where its row number was given out before, to a change that is done', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [untimed(0)]);
    await bench.publish();
    await bench.reply('processed', 'm1');
    await bench.ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p1', rowIds: ['1'] }]);
    await bench.reserve('p2', [untimed(500)]);
    expect(identity(await bench.get('m1', 'p2'))).toMatchObject({ at: 500, attempt: 1, state: 'reserved' });
    await bench.reserve('p3', [untimed(900)], { errored: true });
    expect(identity(await bench.get('m1', 'p3'))).toMatchObject({ at: 500 });
  });

  it('has one of its own where the number went to another object', async () => {
    const bench = await marked();
    await bench.reserve('p2', [{ ...untimed(30), messageId: 'm2' }], { errored: true });
    expect(identity(await bench.get('m2', 'p2'))).toMatchObject({ at: 30, attempt: 1 });
  });

  it('is listed in the order of the rows, and taken with what is known of it', async () => {
    const bench = await marked();
    const row = (id: string) => untimed(60, { messageId: `x${id}`, rowId: id });
    const listed: LedgerChange = {
      type: 'journaled',
      events: [row('100'), row('9'), row('20')],
      errored: false,
    };
    await bench.ledger.applyRound(MEMBER, [
      listed,
      { type: 'journaled', events: [untimed(60)], errored: true },
    ]);
    const { journal } = await bench.ledger.snapshot(MEMBER);
    expect(journal.map((entry) => [entry.rowId, entry.timeAssumed])).toEqual([
      ['1', true],
      ['9', true],
      ['20', true],
      ['100', true],
    ]);
    await bench.reserve('journal-1', journal.slice(0, 1), { errored: true, held: false });
    expect((await bench.all()).map(identity)).toEqual([{ at: 0, assumed: 1, attempt: 2, state: 'waiting' }]);
  });
});

describe('the same change', () => {
  const prior = (more: Partial<Identified>): Identified => ({
    row_id: '1',
    changed_at: CHANGED_AT,
    time_assumed: 1,
    state: 'marked',
    held: 0,
    payload: '{"FIELDS":{"ID":"1"}}',
    user_id: '1',
    ...more,
  });

  it.each([
    ['reserved', 0, true],
    ['reserved', 1, true],
    ['failed', 1, true],
    ['marked', 0, true],
    ['waiting', 0, true],
    ['waiting', 1, true],
    ['published', 1, true],
    ['published', 0, false],
    ['dead', 1, true],
    ['dead', 0, false],
    ['processed', 1, false],
    ['processed', 0, false],
  ] as const)('as one that is %s, held %i, without times: %p', (state, held, expected) => {
    expect(isSameChange(untimed(START), prior({ state, held }))).toBe(expected);
  });

  it('is told by row and time alone where both have one', () => {
    const known = prior({ time_assumed: 0, state: 'processed', user_id: '2' });
    expect(isSameChange(timed(0), known)).toBe(true);
    expect(isSameChange(timed(1), known)).toBe(false);
    expect(isSameChange({ ...timed(0), rowId: '2' }, known)).toBe(false);
  });
});
