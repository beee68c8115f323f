import { type Kysely, type Migration, sql } from 'kysely';

/**
 * Indexes of the search that cost little with every event.
 *
 * By object in parts of 4096 events each: objects change in no order, and each event wrote a page of an index of all of
 * them, and one more when it was deleted, which cost as much as all else that was done with it. Within the part that
 * grows, and the one that is deleted, many share a page.
 *
 * What few events have is found by an index of its own, or by that of the batches. The others hold what narrows a list,
 * so that what does not match is passed without a look at its row.
 */
const STATEMENTS = [
  'drop index deliveries_by_object',
  "create index deliveries_by_object on deliveries ((seq / 4096), object_id) where object_id > ''",
  'drop index deliveries_changed',
  'create index deliveries_changed on deliveries (changed_at, seq, event)',
  'create index deliveries_discarded on deliveries (changed_at, seq) where discarded_at is not null',
  'drop index history_by_object',
  'create index history_by_object on history ((seq / 4096), object_id) where object_id is not null',
  'drop index history_by_reason',
  `create index history_by_reason on history (reason_no, changed_at, portal_no, code_no, outcome)
    where reason_no is not null`,
  'create index history_by_outcome on history (outcome, changed_at, seq) where outcome >= 3',
  'create index history_batches_portal on history_batches (portal_no)',
];

export function narrowIndexesMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
    },
  };
}
