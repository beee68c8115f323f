import { type Kysely, type Migration } from 'kysely';

/** Which database this is; one row at most, written by the first bridge that works on it. */
export function identityMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('identity')
        .addColumn('only_row', 'integer', (column) => column.primaryKey())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('made_on', 'text', (column) => column.notNull())
        .execute();
    },
  };
}
