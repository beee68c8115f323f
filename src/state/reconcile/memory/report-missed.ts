import { type MissedCause, type MissedKind } from '../../../database/reconcile-schema.js';
import { type Db } from '../../../ledger/transitions.js';

/** A change that no event has announced. */
export interface Missed {
  readonly memberId: string;
  readonly type: string;
  readonly objectId: number;
  readonly change: MissedKind;
  /** The portal's, Unix seconds: when it was changed; of a delete, when that was found. */
  readonly changedAt: number;
  readonly cause: MissedCause;
}

/** Writes them into the report. @returns their numbers, in the same order */
export async function reportMissed(db: Db, missed: readonly Missed[], foundAt: number): Promise<number[]> {
  const numbers: number[] = [];
  for (const one of missed) {
    const { no } = await db
      .insertInto('missed_changes')
      .values({
        member_id: one.memberId,
        type: one.type,
        object_id: one.objectId,
        change: one.change,
        changed_at: one.changedAt,
        found_at: foundAt,
        cause: one.cause,
      })
      .returning('no')
      .executeTakeFirstOrThrow();
    numbers.push(no);
  }
  return numbers;
}
