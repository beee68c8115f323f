import { type Kysely, type Migration } from 'kysely';

/** How many answers of a portal in a row could not be taken in, and until when it is left alone for that. */
export function badAnswersMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable('portals')
        .addColumn('bad_answers', 'integer', (definition) => definition.notNull().defaultTo(0))
        .execute();
      await db.schema.alterTable('portals').addColumn('ask_again_at', 'bigint').execute();
    },
  };
}
