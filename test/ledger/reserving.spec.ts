import { expect, it } from '@jest/globals';
import { type DeliveryState } from '../../src/database/schema.js';
import { parseJson, writeJson } from '../../src/json/exact-json.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('a reserved batch is recorded once', (open) => {
  it('with all that a later delivery needs, in the order of the answer', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [
      event('m2', { data: { FIELDS: { ID: '2', TITLE: 'Ж' } }, userId: null }),
      event('m1', { data: null, changedAt: CHANGED_AT + 1 }),
    ]);
    const [first, second] = await bench.all();
    expect(first).toEqual({
      seq: first?.seq,
      member_id: MEMBER,
      object_id: '2',
      mark_sent_at: null,
      published_at: null,
      reason_no: null,
      silent: null,
      process_id: 'p1',
      message_id: 'm2',
      row_id: '2',
      changed_at: CHANGED_AT,
      time_assumed: 0,
      event: 'ONCRMDEALUPDATE',
      payload: '{"FIELDS":{"ID":"2","TITLE":"Ж"}}',
      user_id: null,
      state: 'reserved',
      state_at: START,
      held: 1,
      errored: 0,
      attempt: 1,
      due_at: null,
      reason: null,
      reserved_at: START,
      attempts_before: 0,
      discarded_at: null,
      source_key: '',
      refusals: 0,
      refused_key: null,
      heard: 0,
      stands_for_newer: null,
      origin: null,
      routing_key: null,
    });
    expect(second).toMatchObject({ message_id: 'm1', payload: 'null', changed_at: CHANGED_AT + 1 });
    expect((await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10)).map((next) => next.data)).toEqual([
      { FIELDS: { ID: '2', TITLE: 'Ж' } },
      null,
    ]);
  });

  it('with its numbers as they were written', async () => {
    const bench = new LedgerBench(open);
    const data = '{"FIELDS":{"ID":9007199254740993,"SUM":100.00,"L":[1e400,-0,1E5,1.0,0.1]}}';
    await bench.reserve('p1', [event('m1', { data: parseJson(data) })]);
    await bench.reserve('p2', [event('m2', { data: parseJson(data) })], { errored: true });
    expect((await bench.all()).map(({ payload }) => payload)).toEqual([data, data]);
    const next = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10);
    expect(next.map((delivery) => writeJson(delivery.data))).toEqual([data, data]);
  });

  it('however often it is seen', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [event('m1'), event('m2')]);
    const once = await bench.all();
    bench.now += 1000;
    await bench.reserve('p1', [event('m2'), event('m1')]);
    expect(await bench.all()).toEqual(once);
  });

  it.each(['reserved', 'published', 'processed', 'failed', 'waiting', 'dead'] as const)(
    'and a known %s delivery that was believed gone is held again',
    async (state: DeliveryState) => {
      const bench = new LedgerBench(open);
      await bench.put({ message: 'm1', state, held: 0, attempt: 2, stateAt: START - 9 });
      const before = await bench.get('m1');
      await bench.reserve('p1', [event('m1')]);
      expect(await bench.all()).toEqual([{ ...before, held: 1 }]);
    },
  );

  it('and a marked delivery that is there unmarked is to be marked again', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'marked', held: 0, dueAt: START + 5 });
    await bench.reserve('p1', [event('m1')]);
    expect(await bench.get('m1')).toMatchObject({ state: 'failed', held: 1 });
    expect((await bench.ledger.snapshot(MEMBER)).failures).toHaveLength(1);
  });

  it('and a row seen under a new process id is held under the old one no more', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [event('m1'), event('m2'), event('m3')]);
    await bench.put(
      { message: 'm1', process: 'p0', row: '99', state: 'published' },
      { message: 'm1', process: 'p1', member: 'other', state: 'published' },
    );
    await bench.publish();
    await bench.reserve('p2', [event('m1'), event('m2')]);
    const held = (await bench.all()).map(
      (d) => `${d.member_id === MEMBER ? '' : 'other '}${d.process_id} ${d.message_id} ${d.held}`,
    );
    expect(held).toEqual([
      'p1 m1 0',
      'p1 m2 0',
      'p1 m3 1',
      // An earlier change of the same object: another row.
      'p0 m1 1',
      'other p1 m1 1',
      'p2 m1 1',
      'p2 m2 1',
    ]);
    // What is out with a consumer goes on.
    expect((await bench.get('m1', 'p1')).state).toBe('published');
  });

  it('and one that the portal has handed over for good is not held', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('journal-1', [event('m1')], { held: false });
    expect(await bench.get('m1', 'journal-1')).toMatchObject({ state: 'reserved', held: 0 });
    expect(await bench.ledger.heldProcessIds(MEMBER)).toEqual([]);
  });

  it('even if the answer names a message twice', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [event('m1', { rowId: '1' }), event('m1', { rowId: '2' })]);
    expect((await bench.all()).map((delivery) => delivery.row_id)).toEqual(['2']);
  });

  it('in the order of the answer, however long that is', async () => {
    const bench = new LedgerBench(open);
    const events = Array.from({ length: 2500 }, (_, index) => event(`m${(index * 7919) % 2500}`));
    await bench.reserve('p1', events);
    expect((await bench.all()).map((delivery) => delivery.message_id)).toEqual(
      events.map((each) => each.messageId),
    );
  });

  it.each([
    ['quotes', `m"1'\\"`],
    ['letters of any script', 'mЖ漢😀1'],
    ['half a surrogate pair', 'm\ud8001'],
    ['what looks like an escape', 'm\\ud8001'],
  ])('under an id with %s, which every verb finds again', async (_what, id) => {
    const bench = new LedgerBench(open);
    const stored = id.toWellFormed();
    await bench.reserve('p1', [event(id, { rowId: id, event: id, userId: id, data: id })]);
    expect(await bench.all()).toMatchObject([
      { message_id: stored, row_id: stored, event: stored, user_id: stored, payload: JSON.stringify(id) },
    ]);
    await bench.publish();
    expect((await bench.reply('failed', stored)).unknown).toBe(0);
    expect(await bench.get(stored)).toMatchObject({ state: 'failed', held: 1 });
    const marked = { type: 'marked' as const, processId: 'p1', messageIds: [id] };
    expect(await bench.ledger.applyRound(MEMBER, [marked])).toMatchObject({ marked: 1 });
    await bench.reserve('p1', [event(id, { rowId: id })]);
    expect(await bench.get(stored)).toMatchObject({ state: 'failed', held: 1 });
    await bench.reserve('p2', [event(id, { rowId: id })]);
    expect(await bench.get(stored)).toMatchObject({ held: 0 });
    const cleared = { type: 'cleared' as const, processId: 'p2', rowIds: [id] };
    expect(await bench.ledger.applyRound(MEMBER, [cleared])).toMatchObject({ cleared: 1 });
    await bench.reserve('p3', [event(stored, { rowId: stored })], { errored: true });
    expect(await bench.find(stored, 'p2')).toBeUndefined();
  });

  it('and an empty one is nothing', async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', []);
    await bench.reserve('p1', [], { errored: true });
    expect(await bench.all()).toEqual([]);
  });

  it('whole or not at all', async () => {
    const bench = new LedgerBench(open);
    const broken = event('m3', { event: null as unknown as string });
    await expect(bench.reserve('p1', [event('m1'), event('m2'), broken])).rejects.toThrow();
    expect(await bench.all()).toEqual([]);
  });
});
