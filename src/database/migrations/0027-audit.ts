import { type Kysely, type Migration, sql } from 'kysely';
import { type Dialect } from '../dialect.js';

/** Who did what. */
export function auditMigration(dialect: Dialect): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('audit')
        .addColumn('id', dialect === 'sqlite' ? 'integer' : 'bigserial', (column) =>
          dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey(),
        )
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('actor_kind', 'text', (column) => column.notNull())
        .addColumn('actor_name', 'text')
        .addColumn('actor_address', 'text')
        .addColumn('action', 'text', (column) => column.notNull())
        .addColumn('member_id', 'text')
        .addColumn('portal', 'text')
        .addColumn('target', 'text', (column) => column.notNull())
        .addColumn('count', 'bigint')
        .addColumn('detail', 'text')
        .addColumn('told', 'integer', (column) => column.notNull())
        .execute();
      // The latest first, of all and of each thing that one may ask for.
      for (const [name, columns] of [
        ['audit_at', 'at, id'],
        ['audit_portal', 'member_id, at, id'],
        ['audit_actor', 'actor_name, at, id'],
        ['audit_action', 'action, at, id'],
      ] as const) {
        await sql.raw(`create index ${name} on audit (${columns})`).execute(db);
      }
      await sql.raw('create index audit_untold on audit (id) where told = 0').execute(db);
    },
  };
}
