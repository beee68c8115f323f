import { type Kysely, type Migration, sql } from 'kysely';
import { type Dialect } from '../dialect.js';

/**
 * What became of events that are settled, why attempts failed, and what they are found by. Texts that many events share
 * (portals, codes, batches, reasons) stand once, under a number.
 */
export function historyMigration(dialect: Dialect): Migration {
  const number = dialect === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key';
  const statements = [
    'alter table deliveries add column published_at bigint',
    'alter table deliveries add column silent integer',
    'alter table deliveries add column object_id text',
    'alter table deliveries add column reason_no bigint',
    'create index deliveries_changed on deliveries (changed_at, seq)',
    "create index deliveries_by_object on deliveries (object_id, changed_at, seq) where object_id > ''",
    'create index deliveries_by_reason on deliveries (reason_no, changed_at) where reason_no is not null',
    // Those that a version before has written. Empty as a rule.
    'create index deliveries_unread on deliveries (seq) where object_id is null',

    `create table reasons (
      no ${number}, text_key text not null unique, fold_key text not null,
      text text not null, folded text not null, used_at bigint not null)`,
    'create index reasons_fold_key on reasons (fold_key)',
    `create table portal_numbers (no ${number}, member_id text not null unique)`,
    `create table event_codes (no ${number}, code text not null unique)`,
    `create table history_batches (
      no ${number}, process_id text not null, portal_no bigint not null, unique (process_id, portal_no))`,

    `create table history (
      seq ${dialect === 'sqlite' ? 'integer' : 'bigint'} primary key,
      portal_no bigint not null, code_no bigint not null, batch_no bigint not null,
      object_id text, row_id text not null, changed_at bigint not null, reserved_at bigint not null,
      published_at bigint, settled_at bigint not null, outcome integer not null, attempts integer not null,
      reason_no bigint)`,
    // Holds all that a list is narrowed by, so that what does not match is passed without a look at its row.
    'create index history_changed on history (changed_at, seq, portal_no, code_no, outcome)',
    'create index history_by_object on history (object_id, changed_at, seq) where object_id is not null',
    'create index history_by_reason on history (reason_no, changed_at) where reason_no is not null',
    'create index history_by_batch on history (batch_no)',

    `create table event_log (
      no ${number}, member_id text not null, row_id text not null, changed_at bigint not null,
      process_id text not null, what text not null, at bigint not null, attempt integer,
      reserved_at bigint, published_at bigint, via text, reason_no bigint, by_whom text)`,
    'create index event_log_row on event_log (member_id, row_id)',
    'create index event_log_process on event_log (process_id)',
  ];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
