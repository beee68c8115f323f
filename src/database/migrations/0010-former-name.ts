import { type Kysely, type Migration } from 'kysely';

/** Which name a portal had before another one, installed in its place, got it. */
export function formerNameMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('portals').addColumn('former_name', 'text').execute();
    },
  };
}
