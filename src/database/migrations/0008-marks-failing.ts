import { type Kysely, type Migration } from 'kysely';

/** Since when a portal takes no marks. */
export function marksFailingMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('portals').addColumn('marks_failing_since', 'bigint').execute();
    },
  };
}
