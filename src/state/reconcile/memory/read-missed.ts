import { type Selectable } from 'kysely';
import {
  type MissedCause,
  type MissedKind,
  type ReconcileSchema,
} from '../../../database/reconcile-schema.js';
import { type Db } from '../../../ledger/transitions.js';

/** A change that no event had announced, as the report has it. */
export type MissedChange = Selectable<ReconcileSchema['missed_changes']>;

/** Which of them; what is left out does not narrow. */
export interface MissedFilter {
  readonly memberId?: string | undefined;
  readonly change?: MissedKind | undefined;
  readonly cause?: MissedCause | undefined;
}

/** The latest first. @param before only those with a smaller number */
export async function readMissed(
  db: Db,
  { memberId, change, cause }: MissedFilter,
  limit: number,
  before?: number,
): Promise<MissedChange[]> {
  return db
    .selectFrom('missed_changes')
    .selectAll()
    .$if(memberId !== undefined, (query) => query.where('member_id', '=', memberId ?? ''))
    .$if(change !== undefined, (query) => query.where('change', '=', change ?? 'add'))
    .$if(cause !== undefined, (query) => query.where('cause', '=', cause ?? 'unknown'))
    .$if(before !== undefined, (query) => query.where('no', '<', before ?? 0))
    .orderBy('no', 'desc')
    .limit(limit)
    .execute();
}

/** How many of each kind of objects and change. */
export async function countMissed(
  db: Db,
  memberId: string,
): Promise<{ type: string; change: MissedKind; count: number }[]> {
  const rows = await db
    .selectFrom('missed_changes')
    .select((eb) => ['type', 'change', eb.fn.countAll<number>().as('count')])
    .where('member_id', '=', memberId)
    .groupBy(['type', 'change'])
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}
