import { type RawBuilder, sql } from 'kysely';
import { reasonOf } from '../../logging/reason.js';
import { among } from '../lists.js';
import { type Db } from '../transitions.js';
import { type HistoryOutcome, OUTCOME_NUMBERS } from './history-outcome.js';

/** What became of deliveries cannot be written down: their records stay where they are, and nothing else is held up. */
export class HistoryNotWritten extends Error {
  override readonly name = 'HistoryNotWritten';
  constructor(cause: unknown) {
    super(`the history cannot be written, records of settled events stay until it can: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

const number = (outcome: HistoryOutcome) => sql.lit(OUTCOME_NUMBERS[outcome]);

/**
 * Writes down what became of deliveries that are about to be deleted, in the transaction that deletes them. To repeat it
 * changes nothing.
 */
export async function keepHistory(
  db: Db,
  seqs: readonly number[],
  as: 'settled' | 'superseded',
  now: number,
): Promise<void> {
  if (seqs.length === 0) return;
  await numberBatches(db, seqs);
  if ((await insertHistory(db, seqs, as, now)) === seqs.length) return;
  // A portal or a code is new; or it was written before.
  await numberPortals(db, seqs);
  await rememberCodes(db, seqs);
  await numberBatches(db, seqs);
  await insertHistory(db, seqs, as, now);
}

/** Returns how many were written: those of which anything has no number yet are not. */
async function insertHistory(
  db: Db,
  seqs: readonly number[],
  as: 'settled' | 'superseded',
  now: number,
): Promise<number> {
  const outcome =
    as === 'superseded'
      ? number('superseded')
      : sql`case when d.state = 'dead' then ${number('dead')} when d.discarded_at is not null then ${number('discarded')}
          when d.silent = 1 then ${number('silent')} else ${number('processed')} end`;
  const settledAt: RawBuilder<unknown> = as === 'superseded' ? sql`cast(${now} as bigint)` : sql`d.state_at`;
  // What waits, is dead or was discarded carries the number of an attempt that was not made.
  const { numAffectedRows } =
    await sql`insert into history (seq, portal_no, code_no, batch_no, object_id, row_id, changed_at, reserved_at,
      published_at, settled_at, outcome, attempts, reason_no)
    select d.seq, p.no, c.no, b.no, nullif(d.object_id, ''), d.row_id, d.changed_at, d.reserved_at, d.published_at,
      ${settledAt}, ${outcome},
      case when d.state in ('dead', 'waiting') or d.discarded_at is not null then d.attempt - 1 else d.attempt end,
      d.reason_no
    from deliveries d
      join portal_numbers p on p.member_id = d.member_id
      join event_codes c on c.code = d.event
      join history_batches b on b.process_id = d.process_id and b.portal_no = p.no
    where ${among(db, 'seq', seqs, 'd')}
    on conflict (seq) do nothing`.execute(db);
  return Number(numAffectedRows ?? 0);
}

// Each gives numbers to what has none yet; in one order, so that two of it never wait for each other.

async function numberPortals(db: Db, seqs: readonly number[]): Promise<void> {
  await sql`insert into portal_numbers (member_id)
    select distinct d.member_id from deliveries d where ${among(db, 'seq', seqs, 'd')}
      and not exists (select 1 from portal_numbers p where p.member_id = d.member_id)
    order by 1 on conflict do nothing`.execute(db);
}

async function rememberCodes(db: Db, seqs: readonly number[]): Promise<void> {
  await sql`insert into event_codes (code)
    select distinct d.event from deliveries d where ${among(db, 'seq', seqs, 'd')}
      and not exists (select 1 from event_codes c where c.code = d.event)
    order by 1 on conflict do nothing`.execute(db);
}

async function numberBatches(db: Db, seqs: readonly number[]): Promise<void> {
  await sql`insert into history_batches (process_id, portal_no) select d.process_id, p.no
    from (select distinct process_id, member_id from deliveries where ${among(db, 'seq', seqs)}) d
      join portal_numbers p on p.member_id = d.member_id
    where not exists (select 1 from history_batches b where b.process_id = d.process_id and b.portal_no = p.no)
    order by 1, 2 on conflict do nothing`.execute(db);
}
