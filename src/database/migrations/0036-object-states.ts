import { type Kysely, type Migration, sql } from 'kysely';

/** What was last published of objects, to tell what has changed since. */
export function objectStatesMigration(): Migration {
  const statements = [
    `create table object_states (
      member_id text not null, entity_type_id integer not null, object_id text not null, state text not null,
      previous text, told_by text not null, changed_at bigint not null,
      primary key (member_id, entity_type_id, object_id))`,
    'create index object_states_oldest on object_states (changed_at)',
  ];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
