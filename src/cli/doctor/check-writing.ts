import { randomUUID } from 'node:crypto';
import { type Database } from '../../database/database.js';

/**
 * Writes a row and removes it again: a full disk, a read-only database or a missing right shows only then. Should this
 * process end in between, the service removes the row: it is a session of the dashboard that ended long ago.
 * @throws the database's error
 */
export async function writeAndRemove({ transact }: Pick<Database, 'transact'>): Promise<void> {
  const id = `doctor-${randomUUID()}`;
  await transact((tx) => tx.insertInto('ended_sessions').values({ id, expires_at: 1 }).execute(), 1);
  await transact((tx) => tx.deleteFrom('ended_sessions').where('id', '=', id).execute(), 1);
}
