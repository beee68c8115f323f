import { type Kysely, type Migration, sql } from 'kysely';
import { type Dialect } from '../dialect.js';

/**
 * Deliveries that no row of the portal's queue has announced, and snapshots: what is read of a portal, and how far that
 * is. Of what there is already, everything is the portal's own.
 */
export function snapshotsMigration(dialect: Dialect): Migration {
  const number = dialect === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key';
  const statements = [
    'alter table deliveries add column origin text',
    'alter table deliveries add column routing_key text',
    `create table snapshots (
      no ${number}, member_id text not null, state text not null, reason text, filter text not null, routing_key text,
      asked_by text not null, created_at bigint not null, resumed_at bigint not null, ran_ms bigint not null,
      finished_at bigint, progressed_at bigint not null)`,
    // One at a time of a portal.
    "create unique index snapshots_unfinished on snapshots (member_id) where state in ('running', 'paused')",
    'create index snapshots_portal on snapshots (member_id, no)',
    `create table snapshot_types (
      snapshot_no bigint not null, ordinal integer not null, type text not null, entity_type_id integer not null,
      after_id bigint not null, max_id bigint, objects bigint not null, superseded bigint not null,
      primary key (snapshot_no, ordinal))`,
  ];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
