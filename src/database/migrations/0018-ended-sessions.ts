import { type Kysely, type Migration } from 'kysely';

/** Sessions of the dashboard that were logged out of: cookies are signed and would count on until they expire. */
export function endedSessionsMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('ended_sessions')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex('ended_sessions_expiry')
        .on('ended_sessions')
        .column('expires_at')
        .execute();
    },
  };
}
