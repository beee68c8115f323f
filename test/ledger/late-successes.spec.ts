import { describe, expect, it } from '@jest/globals';
import { event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const { SETTLE_AFTER_MS } = SETTINGS;

onEveryDatabase('a success that comes after silence was taken for a failure settles the event', (open) => {
  /** One delivery, published and silent for so long that it failed. */
  const silent = async (more: { errored?: boolean; attempts?: number } = {}) => {
    const bench = new LedgerBench(open, {
      SETTLE_MODE: 'ack',
      ...(more.attempts === undefined ? {} : { RETRY_MAX_ATTEMPTS: more.attempts }),
    });
    await bench.reserve('p1', [event('m1')], { errored: more.errored ?? false });
    await bench.publish();
    bench.now += SETTLE_AFTER_MS;
    expect((await bench.ledger.settleSilent(MEMBER)).failed).toBe(1);
    return bench;
  };
  const mark = (bench: LedgerBench, allKnown = true) =>
    bench.ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m1'], allKnown }]);
  const clearable = async (bench: LedgerBench) => (await bench.ledger.snapshot(MEMBER)).clearable;

  it.each([1, null])('before it is marked: it never is, and is cleared (attempt %s)', async (attempt) => {
    const bench = await silent();
    const recorded = await bench.reply('processed', 'm1', { attempt });
    expect(recorded.processed.get(MEMBER)).toBe(1);
    expect(await bench.get('m1')).toMatchObject({ state: 'processed', held: 1 });
    expect((await bench.ledger.snapshot(MEMBER)).failures).toEqual([]);
    expect(await clearable(bench)).toEqual([{ processId: 'p1', rowId: '1' }]);
    expect((await bench.reply('processed', 'm1', { attempt })).ignored).toBe(1);
  });

  it('while it is marked: its row is fetched as soon as ever, and cleared', async () => {
    const bench = await silent();
    await mark(bench);
    expect((await bench.reply('processed', 'm1', { attempt: 1 })).processed.get(MEMBER)).toBe(1);
    expect((await bench.reply('processed', 'm1', { attempt: 1 })).ignored).toBe(1);
    expect((await bench.ledger.snapshot(MEMBER)).marked).not.toBeNull();
    await bench.reserve('p2', [event('m1')], { errored: true });
    expect(await bench.all()).toEqual([
      expect.objectContaining({ process_id: 'p2', state: 'processed', held: 1, errored: 1, attempt: 1 }),
    ]);
    expect(await clearable(bench)).toEqual([{ processId: 'p2', rowId: '1' }]);
    bench.now += 86_400_000;
    expect(await bench.publish()).toBe(0);
  });

  it('when its marked row was fetched again, by the process id that the service knows', async () => {
    const bench = await silent();
    await mark(bench);
    await bench.reserve('p2', [event('m1')], { errored: true });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'waiting', attempt: 2 });
    expect((await bench.reply('processed', 'm1', { attempt: 1 })).processed.get(MEMBER)).toBe(1);
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'processed', held: 1, errored: 1 });
  });

  it('while its mark is under way', async () => {
    const bench = await silent();
    await bench.reply('processed', 'm1', { attempt: 1 });
    await mark(bench);
    expect(await bench.get('m1')).toMatchObject({ state: 'processed', held: 0 });
    await bench.reserve('p2', [event('m1')], { errored: true });
    expect(await bench.all()).toEqual([
      expect.objectContaining({ process_id: 'p2', state: 'processed', held: 1, errored: 1 }),
    ]);
  });

  it('but not a newer change that its marked row has taken in', async () => {
    const bench = await silent();
    await mark(bench);
    await bench.reply('processed', 'm1', { attempt: 1 });
    await bench.reserve('p2', [event('m1', { changedAt: START / 1000 })], { errored: true });
    expect(await bench.all()).toEqual([
      expect.objectContaining({ process_id: 'p2', state: 'reserved', attempt: 1 }),
    ]);
  });

  describe('but its marked row is delivered once more, under an id of its own, where it may stand for a newer change', () => {
    const { changedAt } = event('m1');
    const renewed = (more: object) => expect.objectContaining({ reason: null, time_assumed: 1, ...more });
    const newer = (delivery: { changed_at: number } | undefined) => (delivery?.changed_at ?? 0) > changedAt;

    it.each(['the mark was told', 'its answer was lost', 'it was under way'])('%s', async (how) => {
      const bench = await silent();
      if (how === 'the mark was told') await mark(bench, false);
      await bench.reply('processed', 'm1', { attempt: 1 });
      if (how === 'it was under way') await mark(bench, false);
      bench.now += 2000;
      await bench.reserve('p2', [event('m1')], { errored: true });
      const all = await bench.all();
      const after = all.filter(({ process_id: id }) => id === 'p2');
      expect(after).toEqual([
        renewed({ state: 'reserved', held: 1, errored: 1, attempt: 2, attempts_before: 1 }),
      ]);
      expect(after.map(newer)).toEqual([true]);
      expect(await clearable(bench)).toEqual([]);
      // Who has dealt with the older change does not settle this one.
      expect((await bench.reply('processed', 'm1', { attempt: 1 })).processed.size).toBe(0);
      expect(await bench.publish()).toBe(1);
    });

    it.each(['before', 'after'])('whose times cannot be read (fetched %s the reply)', async (when) => {
      const bench = await silent();
      await mark(bench);
      const fetch = () =>
        bench.reserve('p2', [event('m1', { changedAt: bench.now / 1000, timeAssumed: true })], {
          errored: true,
        });
      if (when === 'before') await fetch();
      expect((await bench.reply('processed', 'm1', { attempt: 1 })).processed.get(MEMBER)).toBe(1);
      if (when === 'after') await fetch();
      expect(await clearable(bench)).toEqual([]);
      expect(newer(await bench.get('m1', 'p2'))).toBe(true);
      expect(await bench.publish()).toBe(1);
    });

    it('that was fetched again before the reply came', async () => {
      const bench = await silent();
      await mark(bench, false);
      await bench.reserve('p2', [event('m1')], { errored: true });
      expect((await bench.reply('processed', 'm1', { attempt: 1 })).processed.get(MEMBER)).toBe(1);
      const after = await bench.get('m1', 'p2');
      expect(after).toEqual(renewed({ state: 'waiting', attempt: 2, attempts_before: 1, due_at: bench.now }));
      expect(newer(after)).toBe(true);
      expect(await bench.publish()).toBe(1);
    });

    it('although it has vanished meanwhile', async () => {
      const bench = await silent();
      await mark(bench, false);
      await bench.reply('processed', 'm1', { attempt: 1 });
      bench.now += 10;
      await bench.ledger.applyRound(MEMBER, [{ type: 'error_rows_complete', sentAt: bench.now }]);
      const after = await bench.get('m1');
      expect(after).toEqual(renewed({ state: 'waiting', held: 0, attempt: 2, due_at: bench.now }));
      expect(newer(after)).toBe(true);
    });
  });

  it.each(['failed', 'marked', 'waiting'])('but not once a failure was reported too (%s)', async (state) => {
    const bench = await silent({ errored: state === 'waiting' });
    if (state === 'marked') await mark(bench);
    await bench.reply('failed', 'm1', { attempt: 1, reason: 'the warehouse is closed' });
    expect(await bench.get('m1')).toMatchObject({ state, reason: 'the warehouse is closed' });
    expect((await bench.reply('processed', 'm1', { attempt: 1 })).processed.size).toBe(0);
    expect(await bench.get('m1')).toMatchObject({ state, heard: 0 });
  });

  it('and is taken back by a failure that comes after it', async () => {
    const bench = await silent();
    await mark(bench);
    await bench.reply('processed', 'm1', { attempt: 1 });
    await bench.reply('failed', 'm1', { attempt: 1, reason: 'the warehouse is closed' });
    expect(await bench.get('m1')).toMatchObject({
      state: 'marked',
      heard: 0,
      reason: 'the warehouse is closed',
    });
    await bench.reserve('p2', [event('m1')], { errored: true });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'waiting', attempt: 2 });
  });

  it('when its row turns out to be held unmarked after all', async () => {
    const bench = await silent();
    await mark(bench);
    await bench.reply('processed', 'm1', { attempt: 1 });
    bench.now += 10;
    await bench.reserve('p1', [event('m1')]);
    expect(await bench.get('m1')).toMatchObject({ state: 'processed', held: 1 });
  });

  it('when its marked row has vanished', async () => {
    const bench = await silent();
    await mark(bench);
    await bench.reply('processed', 'm1', { attempt: 1 });
    bench.now += 10;
    await bench.ledger.applyRound(MEMBER, [{ type: 'error_rows_complete', sentAt: bench.now }]);
    expect(await bench.get('m1')).toMatchObject({ state: 'processed', held: 0, due_at: null });
  });

  it.each([
    ['a retry', { errored: true }],
    ['its dead letter', { attempts: 1 }],
  ])('while it waits for %s', async (_what, more) => {
    const bench = await silent(more);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 2 });
    expect((await bench.reply('processed', 'm1', { attempt: 1 })).processed.get(MEMBER)).toBe(1);
    expect(await bench.get('m1')).toMatchObject({ state: 'processed', due_at: null, held: 1 });
  });

  it('and does nothing once the next attempt is out, or where a failure was reported', async () => {
    const bench = await silent({ errored: true });
    bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    expect(await bench.publish()).toBe(1);
    expect((await bench.reply('processed', 'm1', { attempt: 1 })).ignored).toBe(1);
    expect(await bench.get('m1')).toMatchObject({ state: 'published', attempt: 2 });
    await bench.reply('failed', 'm1', { attempt: 2 });
    expect((await bench.reply('processed', 'm1', { attempt: 2 })).ignored).toBe(1);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 3 });
  });
});
