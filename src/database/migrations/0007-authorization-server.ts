import { type Kysely, type Migration } from 'kysely';

/** Which of the authorization servers each portal belongs to; those that are there already learn it by and by. */
export function authorizationServerMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('portals').addColumn('authorization_server', 'text').execute();
    },
  };
}
