import { type BulkTasks } from '../ledger/bulk-tasks.js';
import { type Log } from '../logging/log.js';
import { Periodic } from './periodic.js';

/** Retries are spread by the second. */
const EVERY_MS = 1000;
/** A look at the database without a task is one look into an empty table; it is purged seldom. */
const PURGES_EVERY = 600;
/** Slices of one run: other writers have their turn in between, and a stop does not wait. */
const LONGEST_MS = 250;

/** Does what people have asked to be done to many deliveries, slice by slice. */
export function bulkWork(
  tasks: Pick<BulkTasks, 'runSlice' | 'purge'>,
  noticed: (seqs: readonly number[]) => Promise<void>,
  log: Log,
): Periodic {
  let runs = 0;
  return new Periodic(
    'bulk_work',
    EVERY_MS,
    async () => {
      for (const action of ['retry', 'discard'] as const) {
        const startedAt = performance.now();
        while (performance.now() - startedAt < LONGEST_MS) {
          const slice = await tasks.runSlice(action);
          if (slice === null || slice.length === 0) break;
          await noticed(slice);
        }
      }
      runs += 1;
      if (runs % PURGES_EVERY === 1) await tasks.purge();
    },
    log,
  );
}
