import { expect, it } from '@jest/globals';
import { HistoryPurge } from '../../src/ledger/history/purge-history.js';
import { event, LedgerBench, MEMBER } from './bench.js';
import { onEveryDatabase } from './databases.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

onEveryDatabase('the history', (open) => {
  /** Events that were delivered, processed and purged, an hour apart. */
  const remember = async (...messages: readonly string[]) => {
    const bench = new LedgerBench(open);
    for (const message of messages) {
      await bench.reserve(message, [event(message)]);
      await bench.publish();
      await bench.reply('processed', message, { processId: message });
      const [row] = (await bench.all()).filter(({ message_id: id }) => id === message);
      await bench.ledger.applyRound(MEMBER, [
        { type: 'cleared', processId: message, rowIds: [row?.row_id ?? ''] },
      ]);
      bench.now += HOUR;
      expect(await bench.ledger.purge()).toBe(1);
    }
    return bench;
  };
  const rows = async () =>
    (await open().db.selectFrom('history').select('row_id').orderBy('seq').execute()).map(
      ({ row_id: row }) => row,
    );
  const purge = (now: number, settings: { HISTORY_DAYS?: number; HISTORY_MAX_EVENTS?: number }) =>
    new HistoryPurge(open(), { HISTORY_DAYS: 7, HISTORY_MAX_EVENTS: 100, ...settings }, () => now).run();

  it('keeps as many events as it may, and of more than that the latest', async () => {
    const { now } = await remember('m1', 'm2', 'm3', 'm4', 'm5');
    expect(await purge(now, { HISTORY_MAX_EVENTS: 5 })).toBe(0);
    expect(await rows()).toEqual(['1', '2', '3', '4', '5']);
    expect(await purge(now, { HISTORY_MAX_EVENTS: 3 })).toBe(2);
    expect(await rows()).toEqual(['3', '4', '5']);
  });

  it('counts events and not their numbers, of which some were never used', async () => {
    const { now } = await remember('m1', 'm2', 'm3', 'm4', 'm5');
    await open().db.deleteFrom('history').where('row_id', 'in', ['2', '3', '4']).execute();
    expect(await purge(now, { HISTORY_MAX_EVENTS: 2 })).toBe(0);
    expect(await rows()).toEqual(['1', '5']);
  });

  it('forgets what is older than HISTORY_DAYS, and all where that is 0', async () => {
    const { now } = await remember('m1', 'm2', 'm3');
    expect(await purge(now + DAY - 3 * HOUR, { HISTORY_DAYS: 1 })).toBe(1);
    expect(await rows()).toEqual(['2', '3']);
    expect(await purge(now, { HISTORY_DAYS: 0 })).toBe(2);
    expect(await rows()).toEqual([]);
  });
});
