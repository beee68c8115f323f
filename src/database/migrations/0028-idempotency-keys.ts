import { type Kysely, type Migration } from 'kysely';

/** Answers of the API to requests that have an idempotency key. */
export function idempotencyKeysMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('idempotency_keys')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('request', 'text', (column) => column.notNull())
        .addColumn('begun_at', 'bigint', (column) => column.notNull())
        .addColumn('status', 'integer')
        .addColumn('answer', 'text')
        .execute();
      await db.schema.createIndex('idempotency_keys_age').on('idempotency_keys').column('begun_at').execute();
    },
  };
}
