import { type Ledger } from '../ledger/ledger.js';
import { type Log } from '../log.js';
import { Periodic } from './periodic.js';

/** Often enough that each run is short. */
const EVERY_MS = 30_000;

/** Deletes the records of settled deliveries once a late failure can no longer be retried from them. */
export function ledgerPurge(ledger: Pick<Ledger, 'purge'>, log: Log): Periodic {
  return new Periodic(
    'ledger_purge',
    EVERY_MS,
    async () => {
      const purged = await ledger.purge();
      if (purged > 0) log.debug({ event: 'ledger.purged', deliveries: purged });
    },
    log,
  );
}
