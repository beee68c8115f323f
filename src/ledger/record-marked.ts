import { among } from './lists.js';
import { type LedgerChange } from './ledger-change.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { moveToMarked } from './move-to-marked.js';
import { type QueueScope } from './source-key.js';
import { type Db, touched } from './transitions.js';

/** The portal has marked rows: their deliveries wait for their retry, and what a mark displaced is held no more. */
export async function recordMarked(
  db: Db,
  { memberId, sourceKey }: QueueScope,
  change: LedgerChange & { type: 'marked' },
  policy: LedgerPolicy,
  now: number,
): Promise<{ marked: number; displaced: number }> {
  // Of those too that a reply has settled while the mark was under way.
  await db
    .updateTable('deliveries')
    .set({ stands_for_newer: change.allKnown === true ? 0 : 1 })
    .where('member_id', '=', memberId)
    .where('process_id', '=', change.processId)
    .where(among(db, 'message_id', change.messageIds))
    .execute();
  const failed = await db
    .selectFrom('deliveries')
    .select(['seq', 'attempt', 'attempts_before'])
    .where('member_id', '=', memberId)
    .where('process_id', '=', change.processId)
    .where(among(db, 'message_id', change.messageIds))
    .where('state', '=', 'failed')
    .execute();
  const marked = await moveToMarked(db, failed, policy, now);
  // No unmarked row of these messages is left under any process id, be its delivery what it may. Rows of another
  // source key are other rows.
  const displaced = await db
    .updateTable('deliveries')
    .set({ held: 0 })
    .where('member_id', '=', memberId)
    .where(among(db, 'message_id', change.messageIds))
    .where('held', '=', 1)
    .where('errored', '=', 0)
    .where('source_key', '=', sourceKey)
    .executeTakeFirst();
  return { marked, displaced: touched(displaced) };
}
