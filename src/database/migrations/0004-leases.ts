import { type Kysely, type Migration } from 'kysely';

/** Which replica acts for which portal. Of use on PostgreSQL only; SQLite has one process. */
export function leasesMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('replicas')
        .addColumn('replica_id', 'text', (column) => column.primaryKey())
        .addColumn('seen_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('leases')
        .addColumn('member_id', 'text', (column) => column.primaryKey())
        .addColumn('replica_id', 'text', (column) => column.notNull())
        .addColumn('epoch', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
    },
  };
}
