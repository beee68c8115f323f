import { expect, it } from '@jest/globals';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('a delivery is found by the process ids that it had before', (open) => {
  /** Message m1, failed and marked in p1 (or `from`), fetched again in p2 and published as attempt 2. */
  async function retried(bench: LedgerBench, change: { changedAt?: number } = {}): Promise<void> {
    await bench.reserve('p1', [event('m1')]);
    await bench.publish();
    await bench.reply('failed', 'm1', { attempt: 1 });
    await bench.ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m1'] }]);
    await bench.reserve('p2', [event('m1', change)], { errored: true });
    bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    expect(await bench.publish()).toBe(1);
  }
  const formerIds = () => open().db.selectFrom('former_process_ids').selectAll().execute();

  it('where a failure names no attempt', async () => {
    const bench = new LedgerBench(open);
    await retried(bench);
    expect(await bench.reply('failed', 'm1', { processId: 'p1', attempt: null })).toMatchObject({
      unknown: 0,
      ignored: 0,
      failed: new Map([[MEMBER, 1]]),
    });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'waiting', attempt: 3 });
  });

  it('where a success does, as long as it is the same change', async () => {
    const bench = new LedgerBench(open);
    await retried(bench);
    await bench.reply('processed', 'm1', { processId: 'p1', attempt: null });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'processed' });
  });

  it('and a success of an older change settles no newer one', async () => {
    const bench = new LedgerBench(open);
    await retried(bench, { changedAt: CHANGED_AT + 5 });
    expect(await bench.reply('processed', 'm1', { processId: 'p1', attempt: null })).toMatchObject({
      unknown: 0,
      ignored: 1,
    });
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'published', attempt: 1 });
  });

  it('but an outcome of an earlier attempt has no effect', async () => {
    const bench = new LedgerBench(open);
    await retried(bench);
    for (const outcome of ['failed', 'processed'] as const) {
      expect(await bench.reply(outcome, 'm1', { processId: 'p1', attempt: 1 })).toMatchObject({
        unknown: 0,
        ignored: 1,
      });
    }
    expect(await bench.get('m1', 'p2')).toMatchObject({ state: 'published', attempt: 2 });
  });

  it('through several of them, and beside the present one in the same group', async () => {
    const bench = new LedgerBench(open);
    await retried(bench);
    // Put back by hand on the portal, marked, and fetched once more.
    await bench.put({ message: 'm2', process: 'p2', state: 'published' });
    await bench.reply('failed', 'm1', { processId: 'p2', attempt: 2 });
    await bench.reserve('p3', [event('m1')], { errored: true });
    bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    await bench.publish();
    expect((await formerIds()).map(({ process_id }) => process_id).sort()).toEqual(['p1', 'p2']);
    expect(
      await bench.ledger.recordOutcomes([
        {
          memberId: MEMBER,
          processId: 'p1',
          messageIds: ['m1', 'nothing'],
          attempt: null,
          outcome: 'failed',
          reason: 'x',
        },
        {
          memberId: MEMBER,
          processId: 'p3',
          messageIds: ['m1'],
          attempt: 3,
          outcome: 'failed',
          reason: 'y',
        },
      ]),
    ).toMatchObject({ unknown: 1, ignored: 1, failed: new Map([[MEMBER, 1]]) });
    expect(await bench.get('m1', 'p3')).toMatchObject({ state: 'waiting', attempt: 4, reason: 'x' });
  });

  it('as long as the ledger has it, and no longer', async () => {
    const bench = new LedgerBench(open);
    await retried(bench);
    await bench.reply('processed', 'm1', { processId: 'p2', attempt: 2 });
    await bench.ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p2', rowIds: ['1'] }]);
    expect(await bench.ledger.purge()).toBe(0);
    expect(await formerIds()).toHaveLength(1);
    bench.now = START + 100 * SETTINGS.LATE_FAILURE_WINDOW_MS;
    expect(await bench.ledger.purge()).toBe(1);
    expect(await formerIds()).toEqual([]);
    expect(await bench.reply('failed', 'm1', { processId: 'p1', attempt: null })).toMatchObject({
      unknown: 1,
    });
  });
});
