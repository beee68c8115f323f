import { expect, it } from '@jest/globals';
import { DEAD_RETENTION_MS } from '../../src/ledger/purge.js';
import { LedgerBench, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const WINDOW = SETTINGS.LATE_FAILURE_WINDOW_MS;
const AGES = Math.max(WINDOW, DEAD_RETENTION_MS) * 2;

onEveryDatabase('a record is kept for its time', (open) => {
  it('and then deleted, if it is settled and cleared', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'm1', state: 'processed', held: 0, stateAt: START - WINDOW },
      { message: 'm2', state: 'processed', held: 0, stateAt: START - WINDOW + 1 },
      { message: 'm3', state: 'processed', held: 1, stateAt: START - AGES },
      { message: 'm4', state: 'dead', held: 0, stateAt: START - DEAD_RETENTION_MS },
      { message: 'm5', state: 'dead', held: 0, stateAt: START - DEAD_RETENTION_MS + 1 },
      { message: 'm6', state: 'dead', held: 1, stateAt: START - AGES },
      { message: 'm7', state: 'processed', held: 0, stateAt: START - AGES, member: 'other' },
    );
    expect(await bench.ledger.purge()).toBe(3);
    expect((await bench.all()).map((delivery) => delivery.message_id)).toEqual(['m2', 'm3', 'm5', 'm6']);
    expect(await bench.ledger.purge()).toBe(0);
  });

  it.each(['reserved', 'published', 'failed', 'marked', 'waiting'] as const)(
    'and for ever while it is %s',
    async (state) => {
      const bench = new LedgerBench(open);
      await bench.put(
        { message: 'm1', state, held: 0, stateAt: START - AGES },
        { message: 'm2', state, held: 1, stateAt: START - AGES },
      );
      expect(await bench.ledger.purge()).toBe(0);
      expect(await bench.all()).toHaveLength(2);
    },
  );

  it('a part at a time, so that no run takes long', async () => {
    const bench = new LedgerBench(open);
    for (let index = 0; index < 5; index += 1) {
      await bench.put(
        { message: `p${index}`, state: 'processed', held: 0, stateAt: START - AGES },
        { message: `d${index}`, state: 'dead', held: 0, stateAt: START - AGES },
      );
    }
    expect(await bench.ledger.purge(3)).toBe(6);
    expect(await bench.ledger.purge(3)).toBe(4);
  });
});
