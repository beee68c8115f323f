import { type Database } from '../database/database.js';
import { type Fleet } from '../drain/loop/fleet.js';
import { type Log } from '../logging/log.js';
import { portalsAsked } from '../state/reconcile/memory/asked.js';
import { Periodic } from './periodic.js';

const EVERY_MS = 3000;

/** Has portals compared for which people have asked, at whichever replica or by the command line. */
export function reconcileAsked({ db }: Database, fleet: Pick<Fleet, 'wakeBeside'>, log: Log): Periodic {
  return new Periodic(
    'reconcile_asked',
    EVERY_MS,
    async () => {
      for (const memberId of await portalsAsked(db)) fleet.wakeBeside(memberId);
    },
    log,
  );
}
