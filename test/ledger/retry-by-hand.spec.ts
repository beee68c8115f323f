import { expect, it } from '@jest/globals';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { retryDueAt } from '../../src/ledger/retry-timing.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const LATER = START + 50_000;

onEveryDatabase('a retry by hand', (open) => {
  const setUp = () => {
    const bench = new LedgerBench(open);
    const admin = new LedgerAdmin(open(), SETTINGS, () => bench.now);
    return { bench, admin };
  };

  it('gives a dead delivery a whole new series of attempts, which count on', async () => {
    const { bench, admin } = setUp();
    const [seq = 0] = await bench.put({
      message: 'm1',
      state: 'dead',
      attempt: 4,
      held: 0,
      errored: 1,
      reason: 'out of stock',
    });
    expect(await admin.retryNow([seq])).toEqual({ renewed: 1, due: 0, fetched: 0, left: {} });
    expect(await bench.get('m1')).toMatchObject({
      state: 'waiting',
      attempt: 4,
      attempts_before: 3,
      due_at: START,
      reason: 'out of stock',
    });

    for (const [attempt, inSeries] of [
      [4, 1],
      [5, 2],
    ] as const) {
      const due = await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10);
      expect(due).toMatchObject([{ attempt, attemptsBefore: 3 }]);
      await bench.ledger.recordPublished(due);
      // Replies to the old series, however late, speak of earlier attempts.
      expect((await bench.reply('failed', 'm1', { attempt: 3 })).ignored).toBe(1);
      await bench.reply('failed', 'm1', { attempt });
      const dueAt = retryDueAt(bench.now, inSeries, seq, SETTINGS);
      expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: attempt + 1, due_at: dueAt });
      bench.now = dueAt;
    }
    await bench.publish();
    await bench.reply('failed', 'm1', { attempt: 6 });
    // Used up once more: due at once, for its dead letter.
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 7, due_at: bench.now });
    expect((await bench.reply('failed', 'm1', { attempt: null })).ignored).toBe(1);
    await bench.ledger.recordDead([{ seq, reason: 'again', attemptsBefore: 3 }]);
    expect(await admin.retryNow([seq])).toMatchObject({ renewed: 1 });
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 7, attempts_before: 6 });
  });

  it('of a delivery whose dead letter is just being written wins', async () => {
    const { bench, admin } = setUp();
    const [seq = 0] = await bench.put({ message: 'm1', state: 'waiting', attempt: 4, dueAt: START });
    const [read] = await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10);
    expect(await admin.retryNow([seq])).toMatchObject({ renewed: 1, due: 0 });
    const buried = { seq, reason: 'out of stock', attemptsBefore: read?.attemptsBefore ?? -1 };
    expect(await bench.ledger.recordDead([buried])).toBe(0);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 4, attempts_before: 3 });
  });

  it('makes what waits due at once, keeps its attempt, and leaves alone what is not to be retried', async () => {
    const { bench, admin } = setUp();
    const seqs = await bench.put(
      { message: 'm1', state: 'waiting', attempt: 2, dueAt: START + 3_000_000 },
      { message: 'm2', state: 'marked', attempt: 1, dueAt: START + 3_000_000, held: 0 },
      { message: 'm3', state: 'failed' },
      { message: 'm4', state: 'published' },
      { message: 'm5', state: 'processed' },
      { message: 'm6', state: 'reserved' },
    );
    const before = (await bench.all()).slice(2);
    bench.now = LATER;
    expect(await admin.retryNow(seqs)).toEqual({
      renewed: 0,
      due: 1,
      fetched: 1,
      left: { failed: 1, published: 1, processed: 1, reserved: 1 },
    });
    expect(await bench.get('m1')).toMatchObject({
      state: 'waiting',
      attempt: 2,
      attempts_before: 0,
      due_at: LATER,
    });
    expect(await bench.get('m2')).toMatchObject({ state: 'marked', attempt: 1, due_at: LATER });
    expect((await bench.all()).slice(2)).toEqual(before);
    expect((await bench.ledger.snapshot(MEMBER)).marked).toMatchObject({ dueAt: LATER });
  });

  it('of a row that is still held and unmarked can be marked again; the series goes on under the new process id', async () => {
    const { bench, admin } = setUp();
    const [seq = 0] = await bench.put({ message: 'm1', state: 'dead', attempt: 4 });
    await admin.retryNow([seq]);
    await bench.publish();
    await bench.reply('failed', 'm1', { attempt: 4 });
    expect(await bench.get('m1')).toMatchObject({ state: 'failed' });
    await bench.ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m1'] }]);
    expect(await bench.get('m1')).toMatchObject({ due_at: retryDueAt(START, 1, seq, SETTINGS) });
    await bench.reserve('p2', [event('m1', { changedAt: CHANGED_AT })], { errored: true });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'waiting', attempt: 5, attempts_before: 3 });
  });
});

onEveryDatabase('a discard', (open) => {
  const setUp = () => {
    const bench = new LedgerBench(open);
    const admin = new LedgerAdmin(open(), SETTINGS, () => bench.now);
    return { bench, admin };
  };

  it('settles what is dead or waits, for good; the portal is cleared of it', async () => {
    const { bench, admin } = setUp();
    const seqs = await bench.put(
      { message: 'm1', state: 'dead', attempt: 4, reason: 'out of stock', held: 0 },
      { message: 'm2', state: 'waiting', attempt: 2, dueAt: START + 1, errored: 1 },
    );
    bench.now = LATER;
    expect(await admin.discard(seqs, { by: 'ops' })).toEqual({ discarded: 2, left: {} });
    const settled = { state: 'processed', state_at: LATER, due_at: null, discarded_at: LATER };
    expect(await bench.get('m1')).toMatchObject({ ...settled, reason: 'discarded by ops; out of stock' });
    expect(await bench.get('m2')).toMatchObject({ ...settled, reason: 'discarded by ops' });
    expect((await bench.ledger.snapshot(MEMBER)).clearable).toEqual([{ processId: 'p1', rowId: '2' }]);

    for (const attempt of [null, 2, 4]) await bench.reply('failed', ['m1', 'm2'], { attempt });
    expect(await bench.all()).toMatchObject([settled, settled]);
    expect(await admin.retryNow(seqs)).toMatchObject({ renewed: 0, left: { processed: 2 } });
  });

  it('leaves alone what is out with a consumer or has to be marked first', async () => {
    const { bench, admin } = setUp();
    const seqs = await bench.put(
      ...(['reserved', 'published', 'processed', 'failed', 'marked'] as const).map((state) => ({
        message: state,
        state,
      })),
    );
    const before = await bench.all();
    expect(await admin.discard(seqs, { by: 'ops' })).toEqual({
      discarded: 0,
      left: { reserved: 1, published: 1, processed: 1, failed: 1, marked: 1 },
    });
    expect(await bench.all()).toEqual(before);
  });
});

onEveryDatabase('a look for deliveries', (open) => {
  it('finds by state, portal and event, in the order of reservation, and by change', async () => {
    const bench = new LedgerBench(open);
    const admin = new LedgerAdmin(open(), SETTINGS);
    const seqs = await bench.put(
      { message: 'm1', state: 'dead' },
      { message: 'm2', state: 'waiting' },
      { message: 'm3', state: 'dead', member: 'another_' },
      { message: 'm4', state: 'processed' },
      { message: 'm1', process: 'p2', state: 'published' },
    );
    const states = ['dead', 'waiting'] as const;
    expect((await admin.list({ states }, 2)).map(({ seq }) => seq)).toEqual(seqs.slice(0, 2));
    expect(await admin.seqs({ states })).toEqual(seqs.slice(0, 3));
    expect(await admin.seqs({ states, memberId: MEMBER })).toEqual(seqs.slice(0, 2));
    expect(await admin.seqs({ states, events: ['ONCRMLEADADD'] })).toEqual([]);
    expect(await admin.count({ states, events: ['ONCRMDEALUPDATE'] })).toEqual({ dead: 2, waiting: 1 });
    const change = { memberId: MEMBER, rowId: '1', changedAt: CHANGED_AT };
    expect((await admin.find(change)).map(({ seq }) => seq)).toEqual([seqs[4], seqs[0]]);
    expect(await admin.find({ seq: seqs[2] ?? 0 })).toMatchObject([{ message_id: 'm3' }]);
    expect(await admin.find({ seq: 999_999 })).toEqual([]);
  });
});
