import { type Kysely, type Migration } from 'kysely';

/** Process ids that deliveries had before their marked rows were fetched again: consumers have written them down. */
export function formerProcessIdsMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('former_process_ids')
        .addColumn('member_id', 'text', (column) => column.notNull())
        .addColumn('process_id', 'text', (column) => column.notNull())
        .addColumn('message_id', 'text', (column) => column.notNull())
        .addColumn('changed_at', 'bigint', (column) => column.notNull())
        .addColumn('delivery_seq', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('former_process_ids_identity', ['member_id', 'process_id', 'message_id'])
        .execute();
      await db.schema
        .createIndex('former_process_ids_delivery')
        .on('former_process_ids')
        .column('delivery_seq')
        .execute();
    },
  };
}
