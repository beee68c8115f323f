import { type Kysely, type Migration } from 'kysely';

/** Who is running, and who may act on which portal until when. Only PostgreSQL has several processes to tell apart. */
export function leasesMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('replicas')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('beat_until', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('leases')
        .addColumn('member_id', 'text', (column) => column.primaryKey())
        .addColumn('owner', 'text')
        .addColumn('epoch', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
    },
  };
}
