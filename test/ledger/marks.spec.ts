import { expect, it } from '@jest/globals';
import { retryDueAt } from '../../src/ledger/retry-timing.js';
import { type LedgerChange } from '../../src/ledger/ledger-change.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const marked = (processId: string, ...messageIds: string[]): LedgerChange => ({
  type: 'marked',
  processId,
  messageIds,
});

onEveryDatabase('a mark is remembered with all that it did on the portal', (open) => {
  it('marks the failed deliveries named, each with its time to come back', async () => {
    const bench = new LedgerBench(open);
    const seqs = await bench.put(
      { message: 'm1', state: 'failed', attempt: 1, reason: 'out of stock' },
      { message: 'm2', state: 'failed', attempt: 2 },
      { message: 'm3', state: 'failed' },
      { message: 'm1', process: 'p1', member: 'other', state: 'failed' },
    );
    bench.now += 100;
    const applied = await bench.ledger.applyRound(MEMBER, [marked('p1', 'm1', 'm2', 'm8')]);
    expect(applied).toEqual({ marked: 2, cleared: 0, vanished: 0, displaced: 0 });
    expect((await bench.all()).map(({ state, held, due_at }) => [state, held, due_at])).toEqual([
      ['marked', 0, retryDueAt(START + 100, 1, seqs[0] ?? 0, SETTINGS)],
      ['marked', 0, retryDueAt(START + 100, 2, seqs[1] ?? 0, SETTINGS)],
      ['failed', 1, null],
      ['failed', 1, null],
    ]);
    expect(await bench.get('m1')).toMatchObject({
      attempt: 1,
      reason: 'out of stock',
      state_at: START + 100,
    });
  });

  it('marks many at once', async () => {
    const bench = new LedgerBench(open);
    const messages = Array.from({ length: 1500 }, (_, index) => `m${index}`);
    await bench.reserve(
      'p1',
      messages.map((message) => event(message)),
    );
    await bench.reply('failed', messages);
    expect(await bench.ledger.applyRound(MEMBER, [marked('p1', ...messages)])).toMatchObject({
      marked: 1500,
    });
    const deliveries = await bench.all();
    expect(deliveries.every(({ state, held }) => state === 'marked' && held === 0)).toBe(true);
    const dueTimes = new Set(deliveries.map((delivery) => delivery.due_at));
    expect(dueTimes.size).toBe(16);
  });

  it('forgets as held what the mark displaced, and nothing else', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', process: 'p1', row: '1', state: 'failed' },
      { message: 'm1', process: 'p2', row: '2', state: 'reserved' },
      { message: 'm1', process: 'p3', row: '3', state: 'published' },
      { message: 'm1', process: 'p4', row: '4', state: 'failed', changedAt: CHANGED_AT - 5 },
      { message: 'm1', process: 'p5', row: '5', state: 'processed' },
      // Marked before: a mark does not touch it.
      { message: 'm1', process: 'p6', row: '6', state: 'waiting', errored: 1 },
      { message: 'm2', process: 'p2', row: '7', state: 'published' },
      { message: 'm1', process: 'p2', row: '8', state: 'published', member: 'other' },
    );
    const applied = await bench.ledger.applyRound(MEMBER, [marked('p1', 'm1')]);
    expect(applied).toMatchObject({ marked: 1, displaced: 4 });
    expect(
      (await bench.all()).map(({ process_id, state, held }) => `${process_id} ${state} ${held}`),
    ).toEqual([
      'p1 marked 0',
      'p2 reserved 0',
      'p3 published 0',
      'p4 failed 0',
      'p5 processed 0',
      'p6 waiting 1',
      'p2 published 1',
      'p2 published 1',
    ]);
    // Displaced failures come back from the ledger, and no second mark is made of them.
    expect((await bench.ledger.snapshot(MEMBER)).failures).toEqual([]);
    expect(await bench.ledger.releaseUnmarkable(MEMBER, false)).toBe(1);
    expect(await bench.get('m1', 'p4')).toMatchObject({ state: 'waiting', attempt: 2 });
  });

  it('and a displaced delivery that fails is retried from the ledger', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', process: 'p1', row: '1', state: 'failed' },
      { message: 'm1', process: 'p2', row: '2', state: 'published' },
    );
    await bench.ledger.applyRound(MEMBER, [marked('p1', 'm1')]);
    await bench.reply('failed', 'm1', { processId: 'p2', attempt: 1 });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'waiting', attempt: 2, held: 0 });
  });

  it('displaces what the same round reserved before it, and spares what it reserved after', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', process: 'p1', row: '1', state: 'failed' });
    const batch = (processId: string, rowId: string, errored: boolean): LedgerChange => ({
      type: 'reserved',
      batch: { processId, events: [event('m1', { rowId })], errored, held: true },
    });
    await bench.ledger.applyRound(MEMBER, [
      batch('p2', '2', false),
      marked('p1', 'm1'),
      batch('p3', '1', true),
    ]);
    expect(
      (await bench.all()).map(({ process_id, state, held }) => `${process_id} ${state} ${held}`),
    ).toEqual(['p2 reserved 0', 'p3 waiting 1']);
  });

  it('forgets the row of a delivery that was named and is no failure', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'processed' });
    expect(await bench.ledger.applyRound(MEMBER, [marked('p1', 'm1')])).toMatchObject({
      marked: 0,
      displaced: 1,
    });
    expect(await bench.get('m1')).toMatchObject({ state: 'processed', held: 0 });
  });
});
