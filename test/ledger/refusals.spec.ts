import { expect, it } from '@jest/globals';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { refusedByPortal } from '../../src/ledger/refused.js';
import { refusalDueAt } from '../../src/ledger/retry-timing.js';
import { event, LedgerBench, MEMBER, reply, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const KEY = 'acme.crm.deal.update';
const refusalOf = (seq: number, more: { attempt?: number; refusals?: number; key?: string } = {}) => ({
  seq,
  attempt: 1,
  refusals: 0,
  key: KEY,
  ...more,
});

onEveryDatabase('what a queue refuses steps aside', (open) => {
  it('until its back-off is over, with its attempt as it was', async () => {
    const bench = new LedgerBench(open);
    const [a = 0, b = 0, c = 0] = await bench.put(
      { message: 'm1', state: 'reserved' },
      { message: 'm2', state: 'waiting', attempt: 2, dueAt: START, reason: 'out of stock' },
      { message: 'm3', state: 'reserved' },
    );
    bench.now = START + 5;
    const refusals = [refusalOf(a), refusalOf(b, { attempt: 2 })];
    expect(await bench.ledger.recordRefused(refusals)).toBe(2);
    expect(await bench.get('m1')).toMatchObject({
      state: 'refused',
      state_at: START + 5,
      attempt: 1,
      refusals: 1,
      refused_key: KEY,
      due_at: refusalDueAt(START + 5, 1, a, SETTINGS),
    });
    expect(await bench.get('m2')).toMatchObject({ state: 'refused', attempt: 2, reason: 'out of stock' });
    const reserved = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10);
    expect(reserved.map(({ seq }) => seq)).toEqual([c]);
    expect(await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10)).toEqual([]);

    const first = Math.min(...[a, b].map((seq) => refusalDueAt(START + 5, 1, seq, SETTINGS)));
    expect(await bench.ledger.refusedKeys(MEMBER)).toEqual([{ key: KEY, dueAt: first }]);
    expect(await bench.ledger.nextRefused(MEMBER, KEY, 10)).toEqual([]);
    bench.now = START + 1305;
    const due = await bench.ledger.nextRefused(MEMBER, KEY, 10);
    expect(new Set(due.map(({ seq, refusals: count }) => `${seq} ${count}`))).toEqual(
      new Set([`${a} 1`, `${b} 1`]),
    );
    expect(await bench.ledger.recordRefused(due.map((delivery) => ({ ...delivery, key: KEY })))).toBe(2);
    expect(await bench.get('m1')).toMatchObject({
      refusals: 2,
      due_at: refusalDueAt(START + 1305, 2, a, SETTINGS),
    });
    expect(await bench.ledger.recordRefused([])).toBe(0);
  });

  it('is published by a confirm, and begins a new series the next time', async () => {
    const bench = new LedgerBench(open);
    const [a = 0] = await bench.put({ message: 'm1', state: 'reserved' });
    await bench.ledger.recordRefused([refusalOf(a, { refusals: 4 })]);
    expect(await bench.ledger.recordPublished([{ seq: a, attempt: 1 }])).toBe(1);
    expect(await bench.get('m1')).toMatchObject({ state: 'published', refusals: 0, due_at: null });
    expect(await bench.ledger.refusedKeys(MEMBER)).toEqual([]);
  });

  it('is not touched by an answer that comes too late', async () => {
    const bench = new LedgerBench(open);
    const [a = 0, b = 0] = await bench.put(
      { message: 'm1', state: 'failed' },
      { message: 'm2', state: 'waiting', attempt: 2, dueAt: START },
    );
    expect(await bench.ledger.recordRefused([refusalOf(a), refusalOf(b)])).toBe(0);
    expect((await bench.all()).map(({ state }) => state)).toEqual(['failed', 'waiting']);
  });

  it('names each key with its first due time, and dead letters by none', async () => {
    const bench = new LedgerBench(open);
    const [a = 0, b = 0, c = 0] = await bench.put(
      { message: 'm1', state: 'reserved' },
      { message: 'm2', state: 'reserved' },
      { message: 'm3', state: 'waiting', attempt: 4, dueAt: START },
    );
    await bench.ledger.recordRefused([
      refusalOf(a, { key: 'acme.b' }),
      refusalOf(b, { key: 'acme.a' }),
      refusalOf(c, { key: '', attempt: 4 }),
    ]);
    const keys = await bench.ledger.refusedKeys(MEMBER);
    expect(new Set(keys.map(({ key }) => key))).toEqual(new Set(['acme.a', 'acme.b', '']));
    const refused = (await refusedByPortal(open().db)).get(MEMBER);
    expect(new Set(refused?.map(({ key, count }) => `${key} ${count}`))).toEqual(
      new Set(['acme.a 1', 'acme.b 1', ' 1']),
    );
    expect(await bench.ledger.refusedPortals()).toEqual([]);
    expect(await bench.ledger.countRefused(MEMBER)).toBe(3);
  });

  it('does not count as in flight or to be published, so that it holds nothing back', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'refused' }, { message: 'm2', state: 'reserved' });
    expect(await bench.ledger.snapshot(MEMBER)).toMatchObject({ inFlight: 1, unpublished: 1 });
  });

  it('is due at once when the clock was set back', async () => {
    const bench = new LedgerBench(open);
    const [a = 0] = await bench.put({ message: 'm1', state: 'reserved' });
    bench.now = START + 86_400_000;
    await bench.ledger.recordRefused([refusalOf(a)]);
    bench.now = START;
    expect(await bench.ledger.refusedKeys(MEMBER)).toEqual([{ key: KEY, dueAt: START }]);
    expect((await bench.ledger.nextRefused(MEMBER, KEY, 5)).map(({ seq }) => seq)).toEqual([a]);
  });

  it('is settled by its confirm where a service that has it said so before, and not without', async () => {
    const bench = new LedgerBench(open, { SETTLE_MODE: 'ack' });
    await bench.reserve('p1', [event('m1'), event('m2')]);
    const [first, second] = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10);
    if (first === undefined || second === undefined) throw new Error('nothing reserved');
    await bench.ledger.recordOutcomes([reply('processed', 'm1', { attempt: 1 })]);
    await bench.ledger.recordRefused([first, second].map((delivery) => ({ ...delivery, key: KEY })));
    expect((await bench.all()).map(({ state }) => state)).toEqual(['refused', 'refused']);
    await bench.ledger.recordOutcomes([reply('processed', 'm2')]);
    expect((await bench.all()).map(({ state, held }) => [state, held])).toEqual([
      ['refused', 1],
      ['refused', 1],
    ]);
    expect(await bench.ledger.recordPublished([first, second])).toBe(2);
    expect((await bench.all()).map(({ state }) => state)).toEqual(['processed', 'processed']);
  });

  it('is marked and tried anew where a service that has it failed it', async () => {
    const bench = new LedgerBench(open);
    const [a = 0] = await bench.put({ message: 'm1', state: 'reserved' });
    await bench.ledger.recordRefused([refusalOf(a)]);
    await bench.reply('failed', 'm1', { attempt: 1 });
    expect(await bench.get('m1')).toMatchObject({ state: 'failed', reason: 'out of stock' });
    expect(await bench.ledger.recordPublished([{ seq: a, attempt: 1 }])).toBe(0);
  });

  it('is due now, or given up, when somebody says so', async () => {
    const bench = new LedgerBench(open);
    const [a = 0, b = 0, dead = 0] = await bench.put(
      { message: 'm1', state: 'refused', dueAt: START + 60_000 },
      { message: 'm2', state: 'refused', dueAt: START + 60_000 },
      { message: 'm3', state: 'refused', attempt: 4, dueAt: START + 60_000 },
    );
    const admin = new LedgerAdmin(open(), SETTINGS, () => bench.now);
    expect(await admin.retryNow([a, dead])).toMatchObject({ due: 1, renewed: 1, left: {} });
    expect(await bench.get('m1')).toMatchObject({ state: 'refused', due_at: START });
    expect(await bench.get('m3')).toMatchObject({ state: 'waiting', attempts_before: 3, due_at: START });
    expect(await admin.discard([b], { by: 'me' })).toMatchObject({ discarded: 1 });
    expect(await bench.get('m2')).toMatchObject({ state: 'processed', discarded_at: START });
  });
});
