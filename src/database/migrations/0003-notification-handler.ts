import { type Kysely, type Migration } from 'kysely';

/** Which address each portal was asked to notify: only what we bound ourselves is ours to unbind. */
export function notificationHandlerMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('portals').addColumn('notification_handler', 'text').execute();
    },
  };
}
