import { type Kysely, type Migration, sql } from 'kysely';

/** Deliveries that people look at, the latest trouble first. A delivery that does well never enters this index. */
export function troubleMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql
        .raw(
          'create index deliveries_trouble on deliveries (state_at, member_id, state) ' +
            "where state in ('failed', 'marked', 'waiting', 'dead')",
        )
        .execute(db);
    },
  };
}
