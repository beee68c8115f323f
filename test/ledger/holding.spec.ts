import { expect, it } from '@jest/globals';
import { event, LedgerBench, MEMBER, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('the ledger holds what the portal holds', (open) => {
  it('until it is cleared, row by row', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'processed' },
      { message: 'm2', state: 'dead' },
      { message: 'm3', state: 'processed' },
      { message: 'm4', state: 'processed', held: 0 },
      { message: 'm1', process: 'p2', row: '1', state: 'processed' },
      { message: 'm1', process: 'p1', member: 'other', state: 'processed' },
    );
    bench.now += 100;
    const applied = await bench.ledger.applyRound(MEMBER, [
      { type: 'cleared', processId: 'p1', rowIds: ['1', '2', '4', '99'] },
    ]);
    expect(applied).toEqual({ marked: 0, cleared: 2, vanished: 0, displaced: 0 });
    expect((await bench.all()).map(({ held, state_at }) => [held, state_at])).toEqual([
      [0, START],
      [0, START],
      [1, START],
      [0, START],
      [1, START],
      [1, START],
    ]);
  });

  it('or turns out to be gone when the batch is read again', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'failed' },
      { message: 'm2', state: 'failed' },
      { message: 'm3', state: 'processed' },
      // The answer lists unmarked rows only.
      { message: 'm4', state: 'waiting', errored: 1 },
      { message: 'm5', process: 'p2', state: 'failed' },
      { message: 'm6', process: 'p1', member: 'other', state: 'failed' },
    );
    const applied = await bench.ledger.applyRound(MEMBER, [
      { type: 'held', processId: 'p1', messageIds: ['m1', 'm77'] },
    ]);
    expect(applied).toMatchObject({ vanished: 2 });
    expect((await bench.all()).map((delivery) => delivery.held)).toEqual([1, 0, 0, 1, 1, 1]);
    const { failures } = await bench.ledger.snapshot(MEMBER);
    expect(failures.map((failure) => failure.messageId)).toEqual(['m1', 'm5']);
  });

  it('and what is gone after a mark was sent waits for its marked row, not for another retry beside it', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'failed' },
      { message: 'm2', state: 'failed' },
      { message: 'm3', state: 'failed' },
    );
    await bench.ledger.noteMarksSent(MEMBER, [{ processId: 'p1', messageIds: ['m1', 'm2'] }]);
    const applied = await bench.ledger.applyRound(MEMBER, [
      { type: 'held', processId: 'p1', messageIds: ['m1'] },
    ]);
    expect(applied).toMatchObject({ marked: 1, vanished: 1 });
    expect(
      (await bench.all()).map((one) => [one.state, one.held, one.attempt, one.stands_for_newer]),
    ).toEqual([
      ['failed', 1, 1, null],
      ['marked', 0, 1, 1],
      ['failed', 0, 1, null],
    ]);
    await bench.ledger.releaseUnmarkable(MEMBER, false);
    expect((await bench.all()).map(({ state }) => state)).toEqual(['failed', 'marked', 'waiting']);
    // Its row comes, and is the one retry.
    await bench.reserve('p2', [event('m2')], { errored: true });
    const ofIt = (await bench.all()).filter(({ message_id }) => message_id === 'm2');
    expect(ofIt).toMatchObject([{ process_id: 'p2', state: 'waiting', attempt: 2, held: 1 }]);
  });

  it('or the whole batch is gone', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      ...Array.from({ length: 30 }, (_, index) => ({ message: `m${index}`, state: 'published' as const })),
    );
    expect(
      await bench.ledger.applyRound(MEMBER, [{ type: 'held', processId: 'p1', messageIds: [] }]),
    ).toMatchObject({ vanished: 30 });
    expect(await bench.ledger.heldProcessIds(MEMBER)).toEqual([]);
  });

  it('under the process ids that it lists, each once, in the order of their characters', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', process: 'b', state: 'reserved' },
      { message: 'm2', process: 'b', state: 'waiting', errored: 1 },
      { message: 'm3', process: 'a', state: 'dead' },
      { message: 'm4', process: 'B', state: 'processed' },
      { message: 'm5', process: '0', state: 'failed' },
      { message: 'm6', process: 'c', state: 'processed', held: 0 },
      { message: 'm7', process: 'd', state: 'published', member: 'other' },
    );
    expect(await bench.ledger.heldProcessIds(MEMBER)).toEqual(['0', 'B', 'a', 'b']);
  });

  it('and writes a round whole or not at all', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'processed' });
    await expect(
      bench.ledger.applyRound(MEMBER, [
        { type: 'cleared', processId: 'p1', rowIds: ['1'] },
        { type: 'reserved', batch: null as never },
      ]),
    ).rejects.toThrow();
    expect((await bench.get('m1')).held).toBe(1);
  });
});
