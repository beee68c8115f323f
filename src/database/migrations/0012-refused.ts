import { type Kysely, type Migration, sql } from 'kysely';

/** Deliveries that a queue refuses step aside, and a success that is reported before the broker's confirm is remembered. */
export function refusedMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const column of ['refusals', 'heard'] as const) {
        await db.schema
          .alterTable('deliveries')
          .addColumn(column, 'integer', (definition) => definition.notNull().defaultTo(0))
          .execute();
      }
      await db.schema.alterTable('deliveries').addColumn('refused_key', 'text').execute();
      await sql
        .raw(
          'create index deliveries_refused on deliveries (member_id, refused_key, due_at) ' +
            "where state = 'refused'",
        )
        .execute(db);
      await sql.raw('drop index deliveries_trouble').execute(db);
      await sql
        .raw(
          'create index deliveries_trouble on deliveries (state_at, member_id, state) ' +
            "where state in ('failed', 'marked', 'waiting', 'refused', 'dead')",
        )
        .execute(db);
    },
  };
}
