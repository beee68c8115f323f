import { expect, it } from '@jest/globals';
import { LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const { SETTLE_AFTER_MS } = SETTINGS;

onEveryDatabase('silence settles a delivery', (open) => {
  it('as processed, after exactly the time set', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'published', stateAt: START - SETTLE_AFTER_MS },
      { message: 'm2', state: 'published', stateAt: START - SETTLE_AFTER_MS + 1 },
      { message: 'm3', state: 'reserved', stateAt: START - SETTLE_AFTER_MS },
      { message: 'm4', state: 'waiting', stateAt: START - SETTLE_AFTER_MS, dueAt: START },
      { message: 'm5', state: 'published', stateAt: START - SETTLE_AFTER_MS, member: 'other' },
    );
    expect(await bench.ledger.settleSilent(MEMBER)).toEqual({ processed: 1, failed: 0 });
    expect((await bench.all()).map((delivery) => delivery.state)).toEqual([
      'processed',
      'published',
      'reserved',
      'waiting',
      'published',
    ]);
    expect(await bench.get('m1')).toMatchObject({ state_at: START, held: 1 });
    expect(await bench.ledger.settleSilent(MEMBER)).toEqual({ processed: 0, failed: 0 });
  });

  it('as failed, where only a reply can say that it was processed', async () => {
    const bench = new LedgerBench(open, { SETTLE_MODE: 'ack' });
    await bench.put(
      { message: 'm1', state: 'published', stateAt: START - SETTLE_AFTER_MS },
      { message: 'm2', state: 'published', stateAt: START - SETTLE_AFTER_MS, errored: 1, attempt: 2 },
      { message: 'm3', state: 'published', stateAt: START - SETTLE_AFTER_MS, held: 0, attempt: 3 },
      { message: 'm4', state: 'published', stateAt: START - SETTLE_AFTER_MS + 1 },
      { message: 'm5', state: 'published', stateAt: START - SETTLE_AFTER_MS, member: 'other' },
    );
    expect(await bench.ledger.settleSilent(MEMBER)).toEqual({ processed: 0, failed: 3 });
    expect((await bench.all()).map(({ state, attempt, reason }) => [state, attempt, reason])).toEqual([
      ['failed', 1, 'no reply'],
      ['waiting', 3, 'no reply'],
      ['waiting', 4, 'no reply'],
      ['published', 1, null],
      ['published', 1, null],
    ]);
    expect(await bench.ledger.settleSilent(MEMBER)).toEqual({ processed: 0, failed: 0 });
  });

  it.each(['timeout', 'ack'] as const)('at once, when the clock was set back far (%s)', async (mode) => {
    const bench = new LedgerBench(open, { SETTLE_MODE: mode });
    await bench.put(
      { message: 'm1', state: 'published', stateAt: START + SETTLE_AFTER_MS + 1 },
      { message: 'm2', state: 'published', stateAt: START + SETTLE_AFTER_MS },
    );
    const settled = await bench.ledger.settleSilent(MEMBER);
    expect(settled.processed + settled.failed).toBe(1);
    expect((await bench.get('m2')).state).toBe('published');
    expect((await bench.get('m1')).state_at).toBe(START);
  });
});
