import { type Kysely, type Migration } from 'kysely';

/** What people have asked to be done to many deliveries, and to which of them it is still to be done. */
export function bulkTasksMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('bulk_tasks')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('action', 'text', (column) => column.notNull())
        .addColumn('asked_by', 'text', (column) => column.notNull())
        .addColumn('label', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('ready', 'integer', (column) => column.notNull())
        .addColumn('total', 'integer', (column) => column.notNull())
        .addColumn('done', 'integer', (column) => column.notNull())
        .addColumn('gone', 'integer', (column) => column.notNull())
        .addColumn('left_alone', 'text', (column) => column.notNull())
        .addColumn('paced_at', 'bigint', (column) => column.notNull())
        .addColumn('finished_at', 'bigint')
        .addColumn('stopped_by', 'text')
        .execute();
      await db.schema
        .createTable('bulk_task_deliveries')
        .addColumn('task_id', 'text', (column) => column.notNull())
        .addColumn('seq', 'bigint', (column) => column.notNull())
        .addColumn('spaced', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('bulk_task_deliveries_identity', ['task_id', 'seq'])
        .execute();
    },
  };
}
