import { expect, it } from '@jest/globals';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const DAY = 86_400_000;

onEveryDatabase('a round is planned from what the ledger knows', (open) => {
  it('of a portal without deliveries', async () => {
    expect(await new LedgerBench(open).ledger.snapshot(MEMBER)).toEqual({
      inFlight: 0,
      unpublished: 0,
      failures: [],
      clearable: [],
      marked: null,
      waitingDueAt: null,
      publishedSince: null,
      journal: [],
    });
  });

  it('in numbers, whatever the database makes of sums and counts', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'reserved' },
      { message: 'm2', state: 'published', stateAt: START - 50 },
      { message: 'm3', state: 'published', stateAt: START - 70 },
      { message: 'm4', state: 'waiting', dueAt: START + 900 },
      { message: 'm5', state: 'waiting', dueAt: START + 800, errored: 1 },
      { message: 'm6', state: 'marked', held: 0, dueAt: START + 700, stateAt: START - 30 },
      { message: 'm7', state: 'marked', held: 0, dueAt: START + 600, stateAt: START - 20 },
      { message: 'm8', state: 'failed', held: 0 },
      { message: 'm9', state: 'processed', held: 0 },
      { message: 'm1', state: 'published', stateAt: START - 999, member: 'other' },
    );
    expect(await bench.ledger.snapshot(MEMBER)).toEqual({
      inFlight: 6,
      unpublished: 1,
      failures: [],
      clearable: [],
      marked: { since: START - 30, dueAt: START + 600 },
      waitingDueAt: START + 800,
      publishedSince: START - 70,
      journal: [],
    });
  });

  it('with the failures that can be marked, oldest first', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'failed', stateAt: START - 10 },
      { message: 'm2', state: 'failed', stateAt: START - 30, process: 'p2', changedAt: CHANGED_AT - 5 },
      { message: 'm3', state: 'failed', stateAt: START - 20, held: 0 },
      { message: 'm4', state: 'failed', stateAt: START - 20, errored: 1 },
      { message: 'm5', state: 'marked', stateAt: START - 20, held: 0 },
      { message: 'm6', state: 'failed', stateAt: START - 20, member: 'other' },
    );
    bench.now = START + 7;
    // Of a message that is not to be marked, and of one of another batch, nothing is noted.
    await bench.ledger.noteMarksSent(MEMBER, [{ processId: 'p1', messageIds: ['m1', 'm2', 'm5'] }]);
    expect((await bench.ledger.snapshot(MEMBER)).failures).toEqual([
      {
        processId: 'p2',
        messageId: 'm2',
        rowId: '2',
        failedAt: START - 30,
        changedAt: CHANGED_AT - 5,
        markSentAt: null,
      },
      {
        processId: 'p1',
        messageId: 'm1',
        rowId: '1',
        failedAt: START - 10,
        changedAt: CHANGED_AT,
        markSentAt: START + 7,
      },
    ]);
  });

  it('with what is settled and still held, batch by batch', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'processed', process: 'p2' },
      { message: 'm2', state: 'dead', process: 'p1' },
      { message: 'm3', state: 'processed', process: 'p2' },
      { message: 'm4', state: 'processed', process: 'p1', held: 0 },
      { message: 'm5', state: 'published', process: 'p1' },
      { message: 'm6', state: 'processed', process: 'p0', member: 'other' },
    );
    const { clearable } = await bench.ledger.snapshot(MEMBER);
    expect(clearable.map((each) => each.processId)).toEqual(['p1', 'p2', 'p2']);
    expect(clearable.map((each) => each.rowId).sort()).toEqual(['1', '2', '3']);
  });

  it('with the marked messages that are due, or marked long ago, where rows are fetched one by one', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'marked', held: 0, dueAt: START + 1, stateAt: START - 10 },
      { message: 'm2', state: 'marked', held: 0, dueAt: START, stateAt: START - 10 },
      { message: 'm3', state: 'marked', held: 0, dueAt: START + DAY, stateAt: START - 30_000 },
      { message: 'm4', state: 'marked', held: 0, dueAt: START - 1, stateAt: START - 10, member: 'other' },
      { message: 'm5', state: 'waiting', dueAt: START - 1 },
    );
    expect(await bench.ledger.markedDue(MEMBER, 30_000, 10)).toEqual(['m2', 'm3']);
    expect(await bench.ledger.markedDue(MEMBER, 30_000, 1)).toEqual(['m2']);
  });

  it('with times that are due now where the clock was set back', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'waiting', dueAt: START + DAY },
      { message: 'm2', state: 'marked', held: 0, dueAt: START + DAY, stateAt: START + DAY - 100 },
    );
    for (const now of [START, START + 5000]) {
      bench.now = now;
      expect(await bench.ledger.snapshot(MEMBER)).toMatchObject({
        waitingDueAt: now,
        marked: { since: START + DAY - 100, dueAt: now },
      });
    }
  });

  it('and the next retry is due when the first waiting delivery is', async () => {
    const bench = new LedgerBench(open);
    expect(await bench.ledger.nextDueAt(MEMBER)).toBeNull();
    await bench.put(
      { message: 'm1', state: 'waiting', dueAt: START + 900 },
      { message: 'm2', state: 'waiting', dueAt: START + 800 },
      { message: 'm3', state: 'waiting', dueAt: START + 1, member: 'other' },
      { message: 'm4', state: 'marked', dueAt: START + 2, held: 0 },
    );
    expect(await bench.ledger.nextDueAt(MEMBER)).toBe(START + 800);
    await bench.put({ message: 'm3', state: 'waiting', dueAt: START + DAY, member: 'late' });
    expect(await bench.ledger.nextDueAt('late')).toBe(START);
  });
});

onEveryDatabase('the next deliveries to publish', (open) => {
  it('are the reserved ones in the order of reservation, a page at a time', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p2', [event('m3'), event('m1')]);
    await bench.reserve('p1', [event('m2')]);
    await bench.put({ message: 'm4', state: 'published' }, { message: 'm5', state: 'reserved', member: 'x' });
    const first = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 2);
    expect(first.map((next) => next.messageId)).toEqual(['m3', 'm1']);
    const second = await bench.ledger.nextPublishable(MEMBER, 'reserved', first.at(-1)?.seq ?? 0, 2);
    expect(second.map((next) => next.messageId)).toEqual(['m2']);
  });

  it('and the waiting ones that are due, each once in a pass', async () => {
    const bench = new LedgerBench(open);
    const farthest = START + SETTINGS.RETRY_MAX_DELAY_MS + 1000;
    const seqs = await bench.put(
      { message: 'm1', state: 'waiting', dueAt: START },
      { message: 'm2', state: 'waiting', dueAt: START + 1 },
      { message: 'm3', state: 'waiting', dueAt: START - 1, attempt: 2, reason: 'why' },
      { message: 'm4', state: 'waiting', dueAt: null },
      { message: 'm5', state: 'waiting', dueAt: farthest },
      // Beyond any delay: written before the clock was set back.
      { message: 'm6', state: 'waiting', dueAt: farthest + 1 },
      { message: 'm7', state: 'marked', held: 0, dueAt: START - 1 },
      { message: 'm8', state: 'waiting', dueAt: START, member: 'other' },
    );
    const all = await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10);
    expect(all.map((next) => next.messageId)).toEqual(['m1', 'm3', 'm4', 'm6']);
    expect(all[1]).toMatchObject({ seq: seqs[2], attempt: 2, reason: 'why' });
    const rest = await bench.ledger.nextPublishable(MEMBER, 'waiting', seqs[2] ?? 0, 1);
    expect(rest.map((next) => next.messageId)).toEqual(['m4']);
  });
});
