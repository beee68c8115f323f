import { type Kysely, type Migration, sql } from 'kysely';
import { type Dialect } from '../dialect.js';

/** The registry, the deliveries and the journal. */
export function ledgerMigration(dialect: Dialect): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('portals')
        .addColumn('member_id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull().unique())
        .addColumn('domain', 'text', (column) => column.notNull())
        .addColumn('client_endpoint', 'text', (column) => column.notNull())
        .addColumn('access_token', 'text', (column) => column.notNull())
        .addColumn('refresh_token', 'text', (column) => column.notNull())
        .addColumn('token_expires_at', 'bigint', (column) => column.notNull())
        .addColumn('token_renewed_at', 'bigint', (column) => column.notNull())
        .addColumn('application_token', 'text')
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('state_reason', 'text')
        .addColumn('state_since', 'bigint', (column) => column.notNull())
        .addColumn('extended', 'integer')
        .addColumn('installed_at', 'bigint', (column) => column.notNull())
        .execute();

      await db.schema
        .createTable('deliveries')
        .addColumn('seq', dialect === 'sqlite' ? 'integer' : 'bigserial', (column) =>
          dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey(),
        )
        .addColumn('member_id', 'text', (column) => column.notNull())
        .addColumn('process_id', 'text', (column) => column.notNull())
        .addColumn('message_id', 'text', (column) => column.notNull())
        .addColumn('row_id', 'text', (column) => column.notNull())
        .addColumn('changed_at', 'bigint', (column) => column.notNull())
        .addColumn('event', 'text', (column) => column.notNull())
        .addColumn('payload', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text')
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('state_at', 'bigint', (column) => column.notNull())
        .addColumn('held', 'integer', (column) => column.notNull())
        .addColumn('errored', 'integer', (column) => column.notNull())
        .addColumn('attempt', 'integer', (column) => column.notNull())
        .addColumn('due_at', 'bigint')
        .addColumn('reason', 'text')
        .addColumn('reserved_at', 'bigint', (column) => column.notNull())
        .addUniqueConstraint('deliveries_identity', ['member_id', 'process_id', 'message_id'])
        .execute();

      // One index for each question that a round or the publisher asks; partial, so that a settled delivery
      // costs nothing but its purge entry.
      const index = (name: string, columns: string, where: string) =>
        sql.raw(`create index ${name} on deliveries (${columns}) where ${where}`).execute(db);
      await sql.raw('create index deliveries_object on deliveries (member_id, message_id)').execute(db);
      await index('deliveries_reserved', 'member_id, seq', "state = 'reserved'");
      await index('deliveries_published', 'member_id, state_at', "state = 'published'");
      await index('deliveries_failed', 'member_id, state_at', "state = 'failed'");
      await index('deliveries_waiting', 'member_id, due_at', "state = 'waiting'");
      await index('deliveries_marked', 'member_id, due_at', "state = 'marked'");
      await index(
        'deliveries_clearable',
        'member_id, process_id',
        "held = 1 and state in ('processed', 'dead')",
      );
      await index('deliveries_purgeable', 'state, state_at', "held = 0 and state in ('processed', 'dead')");

      await db.schema
        .createTable('journal')
        .addColumn('member_id', 'text', (column) => column.notNull())
        .addColumn('row_id', 'text', (column) => column.notNull())
        .addColumn('message_id', 'text', (column) => column.notNull())
        .addColumn('changed_at', 'bigint', (column) => column.notNull())
        .addColumn('event', 'text', (column) => column.notNull())
        .addColumn('payload', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text')
        .addColumn('errored', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('journal_identity', ['member_id', 'row_id'])
        .execute();
    },
  };
}
