import { expect, it } from '@jest/globals';
import { CHANGED_AT, countOf, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('a late failure is retried', (open) => {
  const settled = async () => {
    const bench = new LedgerBench(open);
    await bench.reserve('p1', [event('m1')]);
    await bench.publish();
    bench.now = START + SETTINGS.SETTLE_AFTER_MS;
    expect(await bench.ledger.settleSilent(MEMBER)).toEqual({ processed: 1, failed: 0 });
    return bench;
  };

  it('from the ledger, once the portal has let the row go', async () => {
    const bench = await settled();
    await bench.ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p1', rowIds: ['1'] }]);
    const recorded = await bench.reply('failed', 'm1', { attempt: 1 });
    expect(countOf(recorded.lateFailed)).toBe(1);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 2, held: 0 });

    bench.now += SETTINGS.RETRY_BASE_DELAY_MS;
    expect(await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10)).toEqual([
      expect.objectContaining({
        memberId: MEMBER,
        processId: 'p1',
        messageId: 'm1',
        rowId: '1',
        changedAt: CHANGED_AT,
        event: 'ONCRMDEALUPDATE',
        data: { FIELDS: { ID: '1' } },
        userId: '1',
        attempt: 2,
        reason: 'out of stock',
      }),
    ]);
  });

  it('by a mark, while the portal still holds the row', async () => {
    const bench = await settled();
    const recorded = await bench.reply('failed', 'm1', { attempt: 1 });
    expect([countOf(recorded.failed), countOf(recorded.lateFailed), countOf(recorded.toMark)]).toEqual([
      1, 0, 1,
    ]);
    expect(await bench.get('m1')).toMatchObject({ state: 'failed', held: 1 });
    expect((await bench.ledger.snapshot(MEMBER)).clearable).toEqual([]);
  });

  it('from the ledger, when the row was cleared while the failure was written', async () => {
    const bench = await settled();
    await bench.reply('failed', 'm1', { attempt: 1 });
    await bench.ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p1', rowIds: ['1'] }]);
    expect((await bench.ledger.snapshot(MEMBER)).failures).toEqual([]);
    expect(await bench.ledger.releaseUnmarkable(MEMBER, false)).toBe(1);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 2, held: 0 });
  });

  it('never again once it is dead', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', state: 'dead', attempt: 4, held: 0 });
    expect(await bench.reply('failed', 'm1')).toMatchObject({ ignored: 1 });
    expect((await bench.get('m1')).state).toBe('dead');
  });
});
