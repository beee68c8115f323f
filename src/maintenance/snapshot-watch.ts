import { type Snapshots } from '../ledger/snapshots/snapshots.js';
import { type Log } from '../logging/log.js';
import { Periodic } from './periodic.js';

/** People start and resume snapshots anywhere: they begin within this time. */
const EVERY_MS = 2000;

/** Has the snapshots read that people have started. Without one it is a look into an empty index. */
export function snapshotWatch(
  snapshots: Pick<Snapshots, 'runningPortals'>,
  loops: { look(memberIds: Iterable<string>): void },
  log: Log,
): Periodic {
  return new Periodic(
    'snapshot_watch',
    EVERY_MS,
    async () => loops.look(await snapshots.runningPortals()),
    log,
  );
}
