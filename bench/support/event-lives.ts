import { type Database } from '../../src/database/database.js';
import { HistoryPurge } from '../../src/ledger/history/purge-history.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { cpuBetween, type DatabaseCpu, databaseCpu } from './database-cpu.js';
import { memberOf } from './past.js';

const BATCH = 500;
/** All settings that a ledger goes by; what is settled may be purged at once. */
const SETTINGS = {
  RETRY_MAX_ATTEMPTS: 5,
  RETRY_BASE_DELAY_MS: 30_000,
  RETRY_MAX_DELAY_MS: 3_600_000,
  SETTLE_AFTER_MS: 0,
  SETTLE_MODE: 'timeout',
  LATE_FAILURE_WINDOW_MS: 0,
} as const;

/**
 * Lets events live in the ledger alone: reserved, published, settled, cleared and purged, in batches of 500. With
 * history as many old ones are forgotten as new ones are remembered.
 */
export class EventLives {
  private begun = 0;

  /** @param kept events of the past that the database has, and is to have */
  constructor(
    private readonly database: Database,
    private readonly portals: number,
    private readonly kept: number,
  ) {}

  /** CPU time for each event. */
  async run(days: number, events: number): Promise<DatabaseCpu> {
    const { database, kept } = this;
    const settings = { ...SETTINGS, HISTORY_DAYS: days, HISTORY_MAX_EVENTS: kept };
    const ledger = new Ledger(database, settings);
    const history = new HistoryPurge(database, settings);
    const before = await databaseCpu(database);
    for (let done = 0; done < events; done += BATCH) {
      await this.batch(ledger);
      if ((done / BATCH) % 2 === 1) await ledger.purge();
    }
    while ((await ledger.purge()) > 0);
    // It forgets 50,000 at a time, and runs about as often in the service.
    if (days > 0) await history.run();
    const after = await databaseCpu(database);
    if (days > 0) while ((await history.run()) > 0);
    return cpuBetween(before, after, events);
  }

  private async batch(ledger: Ledger): Promise<void> {
    this.begun += 1;
    const memberId = memberOf((this.begun % (this.portals - 1)) + 1);
    const processId = `life${String(this.begun).padStart(28, '0')}`;
    const changedAt = Math.floor(Date.now() / 1000);
    const rows = Array.from({ length: BATCH }, (_, index) => this.begun * BATCH + index);
    await ledger.applyRound(memberId, [
      {
        type: 'reserved',
        batch: {
          processId,
          errored: false,
          held: true,
          events: rows.map((row) => ({
            rowId: String(row),
            messageId: String(row).padStart(32, 'm'),
            changedAt,
            event: 'ONCRMDEALUPDATE',
            data: { FIELDS: { ID: String((row * 7919) % 200_000) } },
            userId: '1',
          })),
        },
      },
    ]);
    await ledger.recordPublished(await ledger.nextPublishable(memberId, 'reserved', 0, BATCH));
    await ledger.settleSilent(memberId, 0);
    await ledger.applyRound(memberId, [{ type: 'cleared', processId, rowIds: rows.map(String) }]);
  }
}
