import { type Database } from '../database/database.js';
import { type AuditFilter, type AuditMark, listEntries, type StoredEntry } from './entries.js';

/** Reads who did what. Rejects with the driver's error. */
export class AuditReader {
  constructor(private readonly database: Pick<Database, 'db'>) {}

  /** The latest first, at most `limit`. */
  list(filter: AuditFilter, limit: number, after?: AuditMark): Promise<StoredEntry[]> {
    return listEntries(this.database.db, filter, limit, after);
  }
}
