import { expect, it } from '@jest/globals';
import { retryDueAt } from '../../src/ledger/retry-timing.js';
import { LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('a failure that cannot be marked is retried from the ledger', (open) => {
  const put = (bench: LedgerBench) =>
    bench.put(
      { message: 'm1', state: 'failed' },
      { message: 'm2', state: 'failed', held: 0, reason: 'out of stock' },
      { message: 'm3', state: 'failed', errored: 1, attempt: 2 },
      // The number of attempts was lowered since.
      { message: 'm4', state: 'failed', attempt: 3 },
      { message: 'm5', state: 'published', held: 0 },
      { message: 'm6', state: 'failed', held: 0, member: 'other' },
    );
  const shape = async (bench: LedgerBench) =>
    (await bench.all()).map(({ state, attempt }) => `${state} ${attempt}`);

  it('where the row is gone, was marked before, or has no attempt left', async () => {
    const bench = new LedgerBench(open);
    const seqs = await put(bench);
    expect(await bench.ledger.releaseUnmarkable(MEMBER, false)).toBe(3);
    expect(await shape(bench)).toEqual([
      'failed 1',
      'waiting 2',
      'waiting 3',
      'waiting 4',
      'published 1',
      'failed 1',
    ]);
    expect(await bench.get('m2')).toMatchObject({
      due_at: retryDueAt(START, 1, seqs[1] ?? 0, SETTINGS),
      reason: 'out of stock',
      state_at: START,
    });
    expect((await bench.get('m3')).due_at).toBe(retryDueAt(START, 2, seqs[2] ?? 0, SETTINGS));
    expect((await bench.get('m4')).due_at).toBe(START);
    expect(await bench.ledger.releaseUnmarkable(MEMBER, false)).toBe(0);
  });

  it('all of them, on a plan without marks', async () => {
    const bench = new LedgerBench(open);
    await put(bench);
    expect(await bench.ledger.releaseUnmarkable(MEMBER, true)).toBe(4);
    expect(await shape(bench)).toEqual([
      'waiting 2',
      'waiting 2',
      'waiting 3',
      'waiting 4',
      'published 1',
      'failed 1',
    ]);
  });

  it('leaves those to the marks that can be marked', async () => {
    const bench = new LedgerBench(open);
    await put(bench);
    await bench.ledger.releaseUnmarkable(MEMBER, false);
    const { failures } = await bench.ledger.snapshot(MEMBER);
    expect(failures.map((failure) => failure.messageId)).toEqual(['m1']);
  });
});
