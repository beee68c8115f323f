import { type Kysely, type Migration } from 'kysely';

/**
 * Whether a marked row stands for a newer change that its mark has deleted. Of marks made before, it is not known: what is
 * null is taken for possible.
 */
export function standsForNewerMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('deliveries').addColumn('stands_for_newer', 'integer').execute();
    },
  };
}
