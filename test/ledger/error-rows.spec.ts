import { describe, expect, it } from '@jest/globals';
import { type Prior } from '../../src/ledger/priors.js';
import { resume } from '../../src/ledger/record-error-rows.js';
import { retryDueAt } from '../../src/ledger/retry-timing.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('an error row goes on where its delivery left off', (open) => {
  it('through a whole life: failed, marked, fetched again, failed, dead', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [event('m1')]);
    const seq = (await bench.get('m1')).seq;
    await bench.publish();
    await bench.reply('failed', 'm1', { attempt: 1 });
    await bench.ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m1'] }]);
    const dueAt = retryDueAt(START, 1, seq, SETTINGS);
    expect(await bench.get('m1')).toMatchObject({ state: 'marked', held: 0, due_at: dueAt });

    await bench.reserve('p2', [event('m1')], { errored: true });
    expect(await bench.all()).toEqual([
      expect.objectContaining({
        process_id: 'p2',
        state: 'waiting',
        attempt: 2,
        due_at: dueAt,
        held: 1,
        errored: 1,
        reason: 'out of stock',
      }),
    ]);
    expect(await bench.publish()).toBe(0);
    bench.now = dueAt;
    expect(await bench.publish()).toBe(1);
    await bench.reply('failed', 'm1', { processId: 'p2', attempt: 2 });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'waiting', attempt: 3, held: 1, errored: 1 });

    bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    expect(await bench.publish()).toBe(1);
    await bench.reply('failed', 'm1', { processId: 'p2', attempt: 3 });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'waiting', attempt: 4, due_at: bench.now });
    const [last] = await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10);
    expect(last?.attempt).toBe(4);
    await bench.ledger.recordDead([{ seq: last?.seq ?? 0, reason: 'out of stock' }]);
    expect((await bench.ledger.snapshot(MEMBER)).clearable).toEqual([{ processId: 'p2', rowId: '1' }]);
  });

  it('and is never marked a second time', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p2', [event('m1')], { errored: true });
    await bench.publish();
    await bench.reply('failed', 'm1', { processId: 'p2', attempt: 1 });
    expect((await bench.get('m1', 'p2')).state).toBe('waiting');
    expect((await bench.ledger.snapshot(MEMBER)).failures).toEqual([]);
  });

  it('starts anew when a newer change has merged into it', async () => {
    const bench = new LedgerBench(open);
    await bench.put({
      message: 'm1',
      state: 'marked',
      held: 0,
      attempt: 2,
      dueAt: START + 5000,
      reason: 'old',
    });
    await bench.reserve('p2', [event('m1', { changedAt: CHANGED_AT + 1 })], { errored: true });
    expect(await bench.all()).toEqual([
      expect.objectContaining({
        process_id: 'p2',
        state: 'reserved',
        attempt: 1,
        due_at: null,
        reason: null,
        errored: 1,
      }),
    ]);
  });

  it('starts with the first attempt when the ledger knows nothing of it', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', process: 'p0', row: '77', state: 'marked', held: 0, attempt: 2 },
      { message: 'm1', process: 'p1', member: 'other', state: 'marked', held: 0, attempt: 2 },
    );
    await bench.reserve('p2', [event('m1')], { errored: true });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'reserved', attempt: 1, errored: 1 });
    // Another row of the same object, and another portal's: neither is replaced.
    expect(await bench.all()).toHaveLength(3);
  });

  it('replaces every record of the same change, and every other that only waited for it', async () => {
    const bench = new LedgerBench(open);
    const older = { changedAt: CHANGED_AT - 1 };
    await bench.put(
      { message: 'm1', process: 'a', state: 'marked', held: 0, attempt: 1, dueAt: START + 1 },
      { message: 'm1', process: 'b', state: 'waiting', held: 0, attempt: 3, dueAt: START + 3, reason: 'b' },
      { message: 'm1', process: 'c', state: 'waiting', held: 1, errored: 1, attempt: 2, dueAt: START + 2 },
      // Its mark took effect though the answer to it was lost.
      { message: 'm1', process: 'd', state: 'failed', held: 1, attempt: 1 },
      { message: 'm1', process: 'e', state: 'published', held: 1, errored: 1, attempt: 1 },
      { message: 'm1', process: 'f', state: 'failed', held: 1, attempt: 3, ...older },
      // Out with a consumer, or history.
      { message: 'm1', process: 'g', state: 'published', held: 1, errored: 1, attempt: 3, ...older },
      { message: 'm1', process: 'h', state: 'dead', held: 0, attempt: 4, ...older },
    );
    await bench.reserve('p2', [event('m1')], { errored: true });
    expect((await bench.all()).map(({ process_id, state, held }) => [process_id, state, held])).toEqual([
      ['g', 'published', 0],
      ['h', 'dead', 0],
      ['p2', 'waiting', 1],
    ]);
    expect(await bench.get('m1', 'p2')).toMatchObject({ attempt: 3, due_at: START + 3, reason: 'b' });
  });

  it('counts no attempt beyond the one that makes it dead', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', process: 'p0', state: 'dead', held: 0, attempt: 4 });
    await bench.reserve('p2', [event('m1')], { errored: true });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'waiting', attempt: 4 });
  });

  it('is recorded once, however often it is seen', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'marked', held: 0, attempt: 1, dueAt: START + 5 });
    await bench.reserve('p2', [event('m1')], { errored: true });
    const once = await bench.all();
    await bench.reserve('p2', [event('m1')], { errored: true });
    expect(await bench.all()).toEqual(once);
  });

  it('goes on from the ledger without a hold, where the portal hands error rows over for good', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'marked', held: 0, attempt: 1, dueAt: START + 5 });
    await bench.reserve('journal-1', [event('m1')], { errored: true, held: false });
    expect(await bench.get('m1', 'journal-1')).toMatchObject({ state: 'waiting', attempt: 2, held: 0 });
  });
});

describe('resuming', () => {
  const prior = (more: Partial<Prior>): Prior => ({
    seq: 1,
    message_id: 'm1',
    heard: 0,
    stands_for_newer: null,
    reason_no: null,
    row_id: '1',
    changed_at: CHANGED_AT,
    time_assumed: 0,
    payload: '{}',
    user_id: '1',
    held: 0,
    state: 'marked',
    attempt: 1,
    attempts_before: 0,
    due_at: START,
    reason: 'r',
    ...more,
  });

  it.each([
    ['marked', 1, 2],
    ['failed', 1, 2],
    ['published', 2, 3],
    ['processed', 2, 3],
    ['waiting', 2, 2],
    ['waiting', 4, 4],
    ['marked', 3, 4],
    ['dead', 4, 4],
    ['marked', 9, 4],
  ] as const)('from %s, attempt %i, comes attempt %i', (state, attempt, expected) => {
    expect(resume(event('m1'), [prior({ state, attempt })], SETTINGS, START)).toMatchObject({
      state: 'waiting',
      attempt: expected,
    });
  });

  it('is due at once where no time was set', () => {
    const next = resume(event('m1'), [prior({ state: 'published', due_at: null })], SETTINGS, START);
    expect(next.dueAt).toBe(0);
  });
});
