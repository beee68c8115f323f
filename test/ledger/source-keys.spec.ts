import { expect, it } from '@jest/globals';
import { event, LedgerBench, MEMBER } from './bench.js';
import { onEveryDatabase } from './databases.js';

const batch = (processId: string, ...events: ReturnType<typeof event>[]) => ({
  type: 'reserved' as const,
  batch: { processId, events, errored: false, held: true },
});

onEveryDatabase('rounds of one source key leave what others hold alone', (open) => {
  it('sees only its own failures, settled rows, marked rows, journal and batches', async () => {
    const bench = new LedgerBench(open);
    const { ledger } = bench;
    const erp = ledger.under('erp');
    await ledger.applyRound(MEMBER, [
      batch('p1', event('m1'), event('m2')),
      { type: 'journaled', events: [event('m3')], errored: false },
    ]);
    await ledger.recordPublished(await ledger.nextPublishable(MEMBER, 'reserved', 0, 10));
    const outcome = { memberId: MEMBER, processId: 'p1', attempt: null, reason: null };
    await ledger.recordOutcomes([
      { ...outcome, messageIds: ['m1'], outcome: 'failed' },
      { ...outcome, messageIds: ['m2'], outcome: 'processed' },
    ]);
    const own = await ledger.snapshot(MEMBER);
    expect([own.failures.length, own.clearable.length, own.journal.length]).toEqual([1, 1, 1]);
    expect(await ledger.heldProcessIds(MEMBER)).toEqual(['p1']);

    const others = await erp.snapshot(MEMBER);
    expect([others.failures, others.clearable, others.journal]).toEqual([[], [], []]);
    expect(await erp.heldProcessIds(MEMBER)).toEqual([]);
    // The limit of unsettled events is the portal's.
    expect(others.inFlight).toBe(own.inFlight);
    expect(await erp.releaseUnmarkable(MEMBER, true)).toBe(0);

    await ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m1'] }]);
    expect((await ledger.snapshot(MEMBER)).marked).not.toBeNull();
    expect((await erp.snapshot(MEMBER)).marked).toBeNull();
    bench.now += 1000;
    const complete = { type: 'error_rows_complete' as const, sentAt: bench.now };
    expect((await erp.applyRound(MEMBER, [complete])).vanished).toBe(0);
    expect((await ledger.applyRound(MEMBER, [complete])).vanished).toBe(1);
  });

  it("a mark displaces no row of another key: it is the same object's, and another row", async () => {
    const bench = new LedgerBench(open);
    const erp = bench.ledger.under('erp');
    await bench.ledger.applyRound(MEMBER, [batch('p1', event('m1'))]);
    await erp.applyRound(MEMBER, [batch('p2', event('m1', { rowId: '900' }))]);
    await bench.ledger.recordOutcomes([
      {
        memberId: MEMBER,
        processId: 'p1',
        messageIds: ['m1'],
        attempt: null,
        outcome: 'failed',
        reason: null,
      },
    ]);
    const applied = await bench.ledger.applyRound(MEMBER, [
      { type: 'marked', processId: 'p1', messageIds: ['m1'] },
    ]);
    expect(applied).toMatchObject({ marked: 1, displaced: 0 });
    expect(await erp.heldProcessIds(MEMBER)).toEqual(['p2']);
  });

  it('a key is done when nothing is held, marked, to be marked or journaled under it', async () => {
    const bench = new LedgerBench(open);
    const erp = bench.ledger.under('erp');
    expect(await erp.isDone(MEMBER)).toBe(true);
    await erp.applyRound(MEMBER, [batch('p1', event('m1'))]);
    expect([await erp.isDone(MEMBER), await bench.ledger.isDone(MEMBER)]).toEqual([false, true]);
    await erp.recordOutcomes([
      {
        memberId: MEMBER,
        processId: 'p1',
        messageIds: ['m1'],
        attempt: null,
        outcome: 'failed',
        reason: null,
      },
    ]);
    await erp.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m1'] }]);
    expect(await erp.isDone(MEMBER)).toBe(false);
    bench.now += 1;
    await erp.applyRound(MEMBER, [{ type: 'error_rows_complete', sentAt: bench.now }]);
    expect(await erp.isDone(MEMBER)).toBe(true);
    await erp.applyRound(MEMBER, [{ type: 'journaled', events: [event('m2')], errored: false }]);
    expect(await erp.isDone(MEMBER)).toBe(false);
    await erp.applyRound(MEMBER, [{ type: 'journal_taken', rowIds: [event('m2').rowId] }]);
    expect(await erp.isDone(MEMBER)).toBe(true);
  });

  it('what was recorded before keys were is claimed; a batch found under another key is under that one', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'published' },
      { message: 'm2', state: 'marked', held: 0 },
      { message: 'm3', state: 'processed', held: 0 },
      { message: 'm4', process: 'p2', state: 'published' },
    );
    const erp = bench.ledger.under('erp');
    expect(await erp.claimAll(MEMBER)).toBe(3);
    expect(await erp.claimAll(MEMBER)).toBe(0);
    expect(await erp.heldProcessIds(MEMBER)).toEqual(['p1', 'p2']);
    await bench.ledger.applyRound(MEMBER, [batch('p2', event('m4'))]);
    expect(await erp.heldProcessIds(MEMBER)).toEqual(['p1']);
    expect(await bench.ledger.heldProcessIds(MEMBER)).toEqual(['p2']);
  });
});
