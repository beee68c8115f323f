import { type Kysely, type Migration } from 'kysely';

/** Tokens that an installation of an installed portal brought and that wait for their trial; installations refused. */
export function offeredTokensMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('offered_tokens')
        .addColumn('id', 'text', (column) => column.notNull().unique())
        .addColumn('member_id', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('access_token', 'text', (column) => column.notNull())
        .addColumn('refresh_token', 'text', (column) => column.notNull())
        .addColumn('token_expires_at', 'bigint', (column) => column.notNull())
        .addColumn('client_endpoint', 'text', (column) => column.notNull())
        .addColumn('authorization_server', 'text')
        .addColumn('application_token', 'text')
        .addColumn('offered_at', 'bigint', (column) => column.notNull())
        .addColumn('tries', 'integer', (column) => column.notNull())
        .addColumn('try_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('offered_tokens_identity', ['member_id', 'user_id'])
        .execute();
      await db.schema.alterTable('portals').addColumn('install_refused_at', 'bigint').execute();
      await db.schema.alterTable('portals').addColumn('install_refused_reason', 'text').execute();
    },
  };
}
