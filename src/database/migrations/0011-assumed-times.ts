import { type Kysely, type Migration } from 'kysely';

/** Whose time of change the portal told in no way that can be read: the row's identity is then the ledger's to remember. */
export function assumedTimesMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const table of ['deliveries', 'journal']) {
        await db.schema
          .alterTable(table)
          .addColumn('time_assumed', 'integer', (column) => column.notNull().defaultTo(0))
          .execute();
      }
    },
  };
}
