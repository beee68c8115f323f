import { type Db } from '../../../ledger/transitions.js';

/** Asks for a look and a sweep of everything, now. */
export async function askNow(db: Db, memberIds: readonly string[], now: number): Promise<void> {
  if (memberIds.length === 0) return;
  await db
    .insertInto('reconciled_portals')
    .values(memberIds.map((memberId) => ({ member_id: memberId, asked_at: now })))
    .onConflict((conflict) => conflict.column('member_id').doUpdateSet({ asked_at: now }))
    .execute();
}

/** Portals for which it was asked. */
export async function portalsAsked(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('reconciled_portals')
    .select('member_id')
    .where('asked_at', 'is not', null)
    .execute();
  return rows.map((row) => row.member_id);
}

/** When it was asked for, Unix ms; null where it was not. */
export async function askedAt(db: Db, memberId: string): Promise<number | null> {
  const row = await db
    .selectFrom('reconciled_portals')
    .select('asked_at')
    .where('member_id', '=', memberId)
    .executeTakeFirst();
  return row?.asked_at ?? null;
}

/** It is done, unless it was asked for again since. */
export async function answered(db: Db, memberId: string, asked: number): Promise<void> {
  await db
    .updateTable('reconciled_portals')
    .set({ asked_at: null })
    .where('member_id', '=', memberId)
    .where('asked_at', '<=', asked)
    .execute();
}
