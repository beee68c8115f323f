import { setTimeout as pause } from 'node:timers/promises';
import { type Ledger, PURGED_AT_ONCE } from '../ledger/ledger.js';
import { type Log } from '../logging/log.js';
import { Periodic } from './periodic.js';

/** Often enough that each run is short. */
const EVERY_MS = 30_000;
/** A run that finds more than it can delete in so long leaves the rest to the next one. */
const RUN_MS = 20_000;
/** The pause after each part, as a multiple of the time that it took: others write meanwhile. */
const PAUSE_TIMES = 1;

/**
 * Deletes the records of settled deliveries once a late failure can no longer be retried from them. What became of them
 * goes into the history.
 */
export function ledgerPurge(ledger: Pick<Ledger, 'purge'>, log: Log): Periodic {
  return new Periodic('ledger_purge', EVERY_MS, () => purgeAll(ledger, log), log);
}

async function purgeAll(ledger: Pick<Ledger, 'purge'>, log: Log): Promise<void> {
  const endAt = performance.now() + RUN_MS;
  let purged = 0;
  try {
    for (;;) {
      const startedAt = performance.now();
      const part = await ledger.purge();
      purged += part;
      const now = performance.now();
      if (part < PURGED_AT_ONCE || now > endAt) return;
      await pause((now - startedAt) * PAUSE_TIMES);
    }
  } finally {
    if (purged > 0) log.debug({ event: 'ledger.purged', deliveries: purged });
  }
}

/** Forgets what is past its time of the history, and reads events that a version before has written. */
export function historyUpkeep(
  history: { run(): Promise<number> },
  unread: { run(): Promise<number> },
  log: Log,
): Periodic {
  return new Periodic(
    'history_upkeep',
    EVERY_MS,
    async () => {
      await unread.run();
      const events = await history.run();
      if (events > 0) log.debug({ event: 'history.purged', events });
    },
    log,
  );
}
