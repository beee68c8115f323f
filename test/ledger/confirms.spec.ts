import { expect, it } from '@jest/globals';
import { event, LedgerBench, MEMBER, reply, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('a confirm publishes the attempt that it confirms', (open) => {
  it('moves reserved and waiting deliveries on, and says how many', async () => {
    const bench = new LedgerBench(open);
    const [a = 0, b = 0] = await bench.put(
      { message: 'm1', state: 'reserved' },
      { message: 'm2', state: 'waiting', attempt: 2, dueAt: START },
    );
    bench.now += 10;
    expect(
      await bench.ledger.recordPublished([
        { seq: a, attempt: 1 },
        { seq: b, attempt: 2 },
        { seq: 999_999, attempt: 1 },
      ]),
    ).toBe(2);
    expect(await bench.get('m1')).toMatchObject({ state: 'published', state_at: START + 10, due_at: null });
    expect(await bench.get('m2')).toMatchObject({ state: 'published', attempt: 2, due_at: null });
    expect(await bench.ledger.recordPublished([])).toBe(0);
  });

  it('comes too late for an attempt that has failed, and settles one that was processed by then', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [event('m1'), event('m2'), event('m3')], { held: false });
    const publishable = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10);
    await bench.ledger.recordOutcomes([
      reply('failed', 'm1', { attempt: 1 }),
      reply('processed', 'm2', { attempt: 1 }),
    ]);
    const [failed] = await bench.all();
    expect(await bench.ledger.recordPublished(publishable)).toBe(2);
    const after = await bench.all();
    expect(after.map((delivery) => delivery.state)).toEqual(['waiting', 'processed', 'published']);
    expect(after[0]).toEqual(failed);
  });

  it('does not undo a failure that is to be marked', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [event('m1')]);
    const publishable = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10);
    await bench.reply('failed', 'm1', { attempt: 1 });
    expect(await bench.ledger.recordPublished(publishable)).toBe(0);
    expect((await bench.get('m1')).state).toBe('failed');
  });

  it('leaves a retry for marking too, where its failure overtook the confirm', async () => {
    const bench = new LedgerBench(open);
    // Believed gone, so it waited for a retry; then found on the portal after all.
    const [seq = 0] = await bench.put({ message: 'm1', state: 'waiting', attempt: 2, dueAt: START, held: 0 });
    await bench.reserve('p1', [event('m1')]);
    await bench.reply('failed', 'm1', { attempt: 2 });
    expect(await bench.ledger.recordPublished([{ seq, attempt: 2 }])).toBe(0);
    expect(await bench.get('m1')).toMatchObject({ state: 'failed', held: 1, attempt: 2 });
  });

  it('of a dead letter ends the delivery with its reason', async () => {
    const bench = new LedgerBench(open);
    const [a = 0, b = 0, c = 0] = await bench.put(
      { message: 'm1', state: 'waiting', attempt: 4, dueAt: START, reason: 'old' },
      { message: 'm2', state: 'reserved' },
      { message: 'm3', state: 'published' },
    );
    expect(
      await bench.ledger.recordDead([
        { seq: a, reason: 'out of stock' },
        { seq: b, reason: 'too large' },
        { seq: c, reason: 'never' },
      ]),
    ).toBe(2);
    expect(await bench.get('m1')).toMatchObject({
      state: 'dead',
      attempt: 4,
      due_at: null,
      reason: 'out of stock',
    });
    expect(await bench.get('m2')).toMatchObject({ state: 'dead', reason: 'too large' });
    expect(await bench.get('m3')).toMatchObject({ state: 'published', reason: null });
    expect(await bench.ledger.recordDead([])).toBe(0);
  });
});
