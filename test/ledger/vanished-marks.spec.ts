import { expect, it } from '@jest/globals';
import { event, LedgerBench, MEMBER, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('a marked row that the portal no longer has is retried from the ledger', (open) => {
  it('once all error rows were fetched by a request sent after its mark', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'marked', held: 0, attempt: 2, stateAt: START - 2, dueAt: START + 5000 },
      { message: 'm2', state: 'marked', held: 0, stateAt: START - 1, dueAt: START + 5000 },
      { message: 'm3', state: 'failed', stateAt: START - 2 },
      { message: 'm4', state: 'marked', held: 0, stateAt: START - 2, member: 'other' },
    );
    const applied = await bench.ledger.applyRound(MEMBER, [
      { type: 'error_rows_complete', sentAt: START - 1 },
    ]);
    expect(applied).toEqual({ marked: 0, cleared: 0, vanished: 1, displaced: 0 });
    expect((await bench.all()).map(({ state, attempt, due_at }) => [state, attempt, due_at])).toEqual([
      ['waiting', 3, START + 5000],
      ['marked', 1, START + 5000],
      ['failed', 1, null],
      ['marked', 1, null],
    ]);
  });

  it('but not one that the same round fetched, nor one that it marked', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'marked', held: 0, stateAt: START - 50, dueAt: START },
      { message: 'm2', state: 'failed', stateAt: START - 50 },
    );
    bench.now += 10;
    const applied = await bench.ledger.applyRound(MEMBER, [
      { type: 'marked', processId: 'p1', messageIds: ['m2'] },
      { type: 'reserved', batch: { processId: 'p2', events: [event('m1')], errored: true, held: true } },
      { type: 'error_rows_complete', sentAt: START },
    ]);
    expect(applied).toMatchObject({ marked: 1, vanished: 0 });
    expect((await bench.all()).map(({ process_id, state }) => `${process_id} ${state}`)).toEqual([
      'p1 marked',
      'p2 waiting',
    ]);
  });

  it('even if the clock was set back since it was marked', async () => {
    const bench = new LedgerBench(open);
    const tomorrow = START + 86_400_000;
    await bench.put({ message: 'm1', state: 'marked', held: 0, stateAt: tomorrow, dueAt: tomorrow + 5 });
    await bench.ledger.applyRound(MEMBER, [{ type: 'error_rows_complete', sentAt: START - 1 }]);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 2 });
    // Its time to come back was written by the same clock.
    expect(await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10)).toHaveLength(1);
  });
});
