import { expect, it } from '@jest/globals';
import { countOf, LedgerBench, MEMBER, reply, START } from './bench.js';
import { onEveryDatabase } from './databases.js';
import { trace } from './trace.js';

onEveryDatabase('a group of replies is written as if they had come one by one', (open) => {
  it('lets the failure of one consumer win over the success of another, in either order', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'published' }, { message: 'm2', state: 'published' });
    const recorded = await bench.ledger.recordOutcomes([
      reply('processed', 'm1', { attempt: 1 }),
      reply('failed', 'm1', { attempt: 1 }),
      reply('failed', 'm2', { attempt: 1 }),
      reply('processed', 'm2', { attempt: 1 }),
    ]);
    expect((await bench.all()).map((delivery) => delivery.state)).toEqual(['failed', 'failed']);
    expect(recorded.ignored).toBe(1);
    expect(countOf(recorded.toMark)).toBe(2);
  });

  it('does the same with the replies in groups of their own', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'published' });
    await bench.reply('processed', 'm1', { attempt: 1 });
    await bench.reply('failed', 'm1', { attempt: 1 });
    expect(await bench.get('m1')).toMatchObject({ state: 'failed', reason: 'out of stock', attempt: 1 });
  });

  it('takes the failures of two consumers for one', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'published', held: 0 });
    const recorded = await bench.ledger.recordOutcomes([
      reply('failed', 'm1', { attempt: 1, reason: 'first' }),
      reply('failed', 'm1', { attempt: 1, reason: 'second' }),
      reply('failed', 'm1', { reason: 'third' }),
    ]);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 2, reason: 'first' });
    expect(recorded.ignored).toBe(2);
  });

  it('heeds a failure that names no attempt once the retry may be out, and not before', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'waiting', held: 0, attempt: 2, dueAt: START },
      { message: 'm2', state: 'waiting', held: 0, attempt: 2, dueAt: START + 1 },
      // Only its dead letter is out.
      { message: 'm3', state: 'waiting', held: 0, attempt: 4, dueAt: START },
    );
    expect(await bench.reply('failed', ['m1', 'm2', 'm3'])).toMatchObject({ ignored: 2 });
    expect((await bench.all()).map(({ state, attempt }) => `${state} ${attempt}`)).toEqual([
      'waiting 3',
      'waiting 2',
      'waiting 4',
    ]);
    expect(await bench.reply('processed', ['m1', 'm2', 'm3'])).toMatchObject({ ignored: 3 });
  });

  it('has no effect when repeated', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'published' },
      { message: 'm2', state: 'published' },
      { message: 'm3', state: 'published', held: 0 },
      { message: 'm4', state: 'processed', held: 0 },
    );
    const group = [
      reply('processed', 'm1', { attempt: 1 }),
      reply('failed', ['m2', 'm3']),
      reply('failed', 'm4', { attempt: 1 }),
    ];
    await bench.ledger.recordOutcomes(group);
    const once = await bench.all();
    expect(once.map((delivery) => delivery.state)).toEqual(['processed', 'failed', 'waiting', 'waiting']);
    bench.now += 5000;
    const recorded = await bench.ledger.recordOutcomes(group);
    expect(await bench.all()).toEqual(once);
    expect(recorded.ignored).toBe(4);
  });

  it('leaves a delivery at the last attempt spoken of, whatever else fails with it', async () => {
    const bench = new LedgerBench(open, { RETRY_MAX_ATTEMPTS: 1 });
    await bench.put(
      { message: 'm1', state: 'published', attempt: 2 },
      { message: 'm2', state: 'published', attempt: 1 },
    );
    await bench.ledger.recordOutcomes([
      reply('failed', 'm1', { attempt: 2 }),
      reply('failed', 'm2', { attempt: 1 }),
      reply('failed', 'm2', { attempt: 2 }),
    ]);
    expect((await bench.all()).map((delivery) => delivery.attempt)).toEqual([3, 3]);
  });

  it('counts what it does not know, and writes the rest', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'published' });
    const recorded = await bench.ledger.recordOutcomes([
      reply('failed', ['m9', 'm1']),
      reply('failed', 'm1', { processId: 'p9' }),
      reply('failed', 'm1', { memberId: 'nobody' }),
    ]);
    expect(recorded.unknown).toBe(3);
    expect(await bench.get('m1')).toMatchObject({ state: 'failed' });
  });

  it('counts each portal for itself', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'published' },
      { message: 'm1', state: 'published', member: 'other' },
      { message: 'm2', state: 'processed', member: 'other', held: 0 },
    );
    const recorded = await bench.ledger.recordOutcomes([
      reply('processed', 'm1'),
      reply('failed', ['m1', 'm2'], { memberId: 'other' }),
    ]);
    expect([...recorded.processed]).toEqual([[MEMBER, 1]]);
    expect([...recorded.failed]).toEqual([['other', 1]]);
    expect([...recorded.lateFailed]).toEqual([['other', 1]]);
    expect([...recorded.toMark]).toEqual([['other', 1]]);
    expect((await bench.get('m1')).state).toBe('processed');
  });

  it('writes nothing for nothing', async () => {
    const bench = new LedgerBench(open);
    const recorded = await bench.ledger.recordOutcomes([]);
    expect([recorded.ignored, recorded.unknown, recorded.processed.size]).toEqual([0, 0, 0]);
    expect(await bench.reply('failed', [])).toMatchObject({ ignored: 0, unknown: 0 });
  });

  it('takes any message id, and a reason of any length', async () => {
    const bench = new LedgerBench(open);
    const odd = `a:b'"%_\n ${'ü'.repeat(80)}`;
    await bench.put({ message: odd, state: 'published' });
    await bench.reply('failed', odd, { attempt: 1, reason: 'x'.repeat(5000) });
    const { state, reason } = await bench.get(odd);
    expect([state, reason]).toEqual(['failed', 'x'.repeat(1000)]);
  });

  it('takes more messages at once than one statement may bind', async () => {
    const bench = new LedgerBench(open);
    const messages = Array.from({ length: 2500 }, (_, index) => `m${index}`);
    await bench.reserve(
      'p1',
      messages.map((message) => ({
        messageId: message,
        rowId: message.slice(1),
        changedAt: START / 1000,
        event: 'ONCRMDEALUPDATE',
        data: null,
        userId: null,
      })),
    );
    const recorded = await bench.reply('failed', messages);
    expect(countOf(recorded.failed)).toBe(2500);
    expect(new Set((await bench.all()).map((delivery) => delivery.state))).toEqual(new Set(['failed']));
  });

  it('is found in a few statements, however many batches are named', async () => {
    const bench = new LedgerBench(open);
    const ids = Array.from({ length: 5000 }, (_, index) => index);
    await bench.put(
      { message: 'm7', process: 'p7', state: 'published' },
      { message: 'm4999', process: 'p4999', state: 'published' },
      { message: 'm4999', process: 'p7', state: 'published' },
    );
    const [traced, queries] = trace(open());
    const recorded = await new LedgerBench(() => traced).ledger.recordOutcomes(
      ids.map((id) => reply('processed', `m${id}`, { processId: `p${id}` })),
    );
    expect(recorded.unknown).toBe(4998);
    expect((await bench.all()).map((delivery) => delivery.state)).toEqual([
      'processed',
      'processed',
      'published',
    ]);
    expect(queries.length).toBeLessThan(20);
  });
});
