import { purgeAudit, tellOfCommands } from '../audit/keeping.js';
import { type Database } from '../database/database.js';
import { type Log } from '../logging/log.js';
import { Periodic } from './periodic.js';

const PURGE_EVERY_MS = 60_000;
const TELL_EVERY_MS = 3000;

/** Forgets what was done too long ago. @param days how long it is kept */
export function auditPurge(database: Pick<Database, 'db'>, days: number, log: Log): Periodic {
  return new Periodic(
    'audit_purge',
    PURGE_EVERY_MS,
    async () => {
      const purged = await purgeAudit(database, days, Date.now());
      if (purged > 0) log.debug({ event: 'audit.purged', entries: purged });
    },
    log,
  );
}

/** Tells of what was done at the command line. */
export function auditOfCommands(database: Pick<Database, 'db'>, log: Log): Periodic {
  return new Periodic('audit_of_commands', TELL_EVERY_MS, () => tellOfCommands(database, log), log);
}
