import { type Kysely, type Migration } from 'kysely';

/** Deliveries whose time of change could not be read: the ledger then remembers which row they are. */
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
