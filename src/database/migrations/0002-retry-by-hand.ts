import { type Kysely, type Migration } from 'kysely';

/** What people decide about single deliveries: to try again from the start, or to give up. */
export function retryByHandMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable('deliveries')
        .addColumn('attempts_before', 'integer', (column) => column.notNull().defaultTo(0))
        .execute();
      await db.schema.alterTable('deliveries').addColumn('discarded_at', 'bigint').execute();
    },
  };
}
