import { type Kysely, type Migration } from 'kysely';

/**
 * Under which source key each batch is held, which ones each portal had, and when another program was last seen to drain
 * its queue.
 */
export function sourceKeyMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const table of ['deliveries', 'journal']) {
        await db.schema
          .alterTable(table)
          .addColumn('source_key', 'text', (column) => column.notNull().defaultTo(''))
          .execute();
      }
      await db.schema.alterTable('portals').addColumn('source_key', 'text').execute();
      await db.schema.alterTable('portals').addColumn('former_source_keys', 'text').execute();
      await db.schema.alterTable('portals').addColumn('shared_seen_at', 'bigint').execute();
    },
  };
}
