import { type Kysely, type Migration, sql } from 'kysely';
import { type Dialect } from '../dialect.js';

/**
 * What is known of objects that are compared with what events have announced, when that was done last, since when a
 * portal could announce nothing, and which changes no event has announced.
 */
export function reconcileMigration(dialect: Dialect): Migration {
  const number = dialect === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key';
  const compact = dialect === 'sqlite' ? ' without rowid' : '';
  const statements = [
    `create table reconciled_types (
      no ${number}, member_id text not null, entity_type_id integer not null, type text not null,
      learned_at bigint, looked_at bigint, looked_to bigint, swept_at bigint, sweep_began_at bigint,
      sweep_after_id bigint, sweep_max_id bigint, trouble text)`,
    'create unique index reconciled_types_identity on reconciled_types (member_id, entity_type_id)',
    `create table reconciled_portals (
      member_id text primary key not null, asked_at bigint, bindings_seen_at bigint)`,
    `create table seen_objects (
      type_no integer not null, object_id bigint not null, updated_at bigint, announced_at bigint, covered_at bigint, listed_at bigint,
      suspect_at bigint, gone integer not null, primary key (type_no, object_id))${compact}`,
    'create index seen_objects_suspect on seen_objects (type_no, suspect_at) where suspect_at is not null',
    'create index seen_objects_gone on seen_objects (type_no, object_id) where gone = 1',
    `create table silent_spells (
      no ${number}, member_id text not null, cause text not null, since bigint not null, until bigint)`,
    'create index silent_spells_portal on silent_spells (member_id, since)',
    `create table missed_changes (
      no ${number}, member_id text not null, type text not null, object_id bigint not null, change text not null,
      changed_at bigint not null, found_at bigint not null, cause text not null)`,
    'create index missed_changes_portal on missed_changes (member_id, no)',
  ];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
