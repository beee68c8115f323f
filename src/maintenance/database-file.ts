import { type Database } from '../database/database.js';
import { type Log } from '../logging/log.js';
import { Periodic } from './periodic.js';
import { reasonOf } from '../logging/reason.js';

/** Every write checks the file; this tells of it also while nothing is written. */
const CHECK_EVERY_MS = 1000;

/** Says it when the file of the database is deleted or replaced, and when it is back; nothing on PostgreSQL. */
export function databaseFileWatch({ checkFile }: Pick<Database, 'checkFile'>, log: Log): Periodic {
  let said: string | null = null;
  const check = () => {
    let reason: string | null = null;
    try {
      checkFile();
    } catch (error) {
      reason = reasonOf(error);
    }
    if (reason === said) return;
    said = reason;
    if (reason === null) log.info({ event: 'database.file_back' });
    else log.error({ event: 'database.file_gone', reason });
  };
  return new Periodic('database_file', CHECK_EVERY_MS, () => Promise.resolve(check()), log);
}
