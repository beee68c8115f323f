import { expect, it } from '@jest/globals';
import { parseJson } from '../../src/json/exact-json.js';
import { type Returned } from '../../src/ledger/take-back.js';
import { CHANGED_AT, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const returned: Returned = {
  memberId: MEMBER,
  processId: 'p1',
  messageId: 'm1',
  rowId: '1',
  changedAt: CHANGED_AT,
  event: 'ONCRMDEALUPDATE',
  data: parseJson('{"FIELDS":{"ID":9007199254740993}}'),
  userId: null,
  attempt: 1,
  reason: 'rejected by queue billing',
};

onEveryDatabase('a forgotten event that comes back', (open) => {
  it('waits for its next attempt, with nothing held, once however often it comes', async () => {
    const bench = new LedgerBench(open);
    expect(await bench.ledger.takeBack([returned, returned])).toEqual([returned]);
    expect(await bench.ledger.takeBack([returned])).toEqual([]);
    expect(await bench.all()).toEqual([
      expect.objectContaining({
        state: 'waiting',
        attempt: 2,
        held: 0,
        errored: 0,
        payload: '{"FIELDS":{"ID":9007199254740993}}',
        reason: 'rejected by queue billing',
      }),
    ]);
    expect((await bench.get('m1')).due_at).toBeGreaterThan(START);
    // As RabbitMQ delivers it again after a crash.
    expect(await bench.reply('failed', 'm1', { attempt: 1 })).toMatchObject({ ignored: 1, unknown: 0 });
    bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    expect(await bench.publish()).toBe(1);
    await bench.reply('failed', 'm1', { attempt: 2 });
    expect((await bench.ledger.snapshot(MEMBER)).failures).toEqual([]);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempt: 3 });
  });

  it('is dead where its attempts were used up', async () => {
    const bench = new LedgerBench(open);
    await bench.ledger.takeBack([{ ...returned, attempt: SETTINGS.RETRY_MAX_ATTEMPTS }]);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', due_at: START });
    const [next] = await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10);
    expect(next?.attempt).toBe(SETTINGS.RETRY_MAX_ATTEMPTS + 1);
  });

  it.each(['reserved', 'published', 'waiting', 'failed', 'marked', 'dead'] as const)(
    'is left alone while its change is %s in another batch',
    async (state) => {
      const bench = new LedgerBench(open);
      await bench.put({ message: 'm1', process: 'p2', state });
      expect(await bench.ledger.takeBack([returned])).toEqual([]);
      expect(await bench.all()).toHaveLength(1);
    },
  );

  it('is left alone where a later attempt has succeeded', async () => {
    const bench = new LedgerBench(open);
    await bench.put({ message: 'm1', process: 'p2', state: 'processed', attempt: 2 });
    expect(await bench.ledger.takeBack([returned])).toEqual([]);
  });
});
