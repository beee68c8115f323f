import { type Kysely, type Migration, sql } from 'kysely';
import { type Dialect } from '../dialect.js';

/** Columns that other processes act on at once; the others they find when they look. */
const TOLD = ['name', 'client_endpoint', 'state', 'state_since', 'paused_at', 'paused_reason'];

/** As the channel of `NotifyChannel`, and in the words of `Signals`. */
const notify = (what: string) => `pg_notify('bitrix24_bridge', '{"from":"","${what}":true}')`;
const differ = TOLD.map((column) => `new.${column} is distinct from old.${column}`).join(' or ');

/**
 * Whoever writes, PostgreSQL notes which portals were changed, counts them, and tells every process: what it costs to
 * follow the portals then depends on what happens to them, and not on how many there are.
 *
 * A change is noted with the number of its transaction: transactions end in another order than they begin, and only
 * of those below the oldest that is still under way nothing can be missed.
 */
export function portalChangesMigration(dialect: Dialect): Migration {
  const statements = [
    // The functions keep the search path of now: a restored dump is read without one.
    'create table portal_changes (member_id text primary key, changed_in bigint not null)',
    'create index portal_changes_in on portal_changes (changed_in)',
    `create function bridge_portal_changed() returns trigger language plpgsql set search_path from current as $$
      declare changed text;
      begin
        if tg_op = 'DELETE' then changed := old.member_id; else changed := new.member_id; end if;
        insert into portal_changes (member_id, changed_in) values (changed, txid_current())
          on conflict (member_id) do update set changed_in = excluded.changed_in;
        if tg_op <> 'UPDATE' then perform ${notify('portals')};
        elsif ${differ} then perform ${notify('changed')};
        end if;
        return null;
      end $$`,
    `create trigger portals_changed after insert or delete or update on portals
      for each row execute procedure bridge_portal_changed()`,
    'create table portal_total (only_row integer primary key, portals bigint not null)',
    'insert into portal_total (only_row, portals) select 1, count(*) from portals',
    `create function bridge_portals_counted() returns trigger language plpgsql set search_path from current as $$
      declare more bigint;
      begin
        select count(*) into more from counted;
        if tg_op = 'DELETE' then more := - more; end if;
        if more <> 0 then update portal_total set portals = portals + more; end if;
        return null;
      end $$`,
    `create trigger portals_more after insert on portals referencing new table as counted
      for each statement execute procedure bridge_portals_counted()`,
    `create trigger portals_fewer after delete on portals referencing old table as counted
      for each statement execute procedure bridge_portals_counted()`,
    // A replica asks for its own. Renewals touch no index as long as a page has room for another version of its rows.
    'create index leases_owner on leases (owner)',
    'alter table leases set (fillfactor = 40)',
    'alter table replicas add column held integer',
  ];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (dialect === 'sqlite') {
        await db.schema.alterTable('replicas').addColumn('held', 'integer').execute();
        return;
      }
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
