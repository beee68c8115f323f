import { forgetVanished, releaseVanished } from './forget-vanished.js';
import { type LedgerChange } from './ledger-change.js';
import { type MentionOf, noteMentions } from './note-mentions.js';
import { among } from './lists.js';
import { recordMarked } from './record-marked.js';
import { recordReserved } from './record-reserved.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { type QueueScope } from './source-key.js';
import { type Db, touched } from './transitions.js';
import { writeJournal } from './write-journal.js';

/** What applying a round did, for its log line. Counts of deliveries. */
export interface RoundApplied {
  marked: number;
  cleared: number;
  /** Held according to the ledger, gone according to the portal. */
  vanished: number;
  /** Displaced off the portal by the mark of another delivery of the same object. */
  displaced: number;
}

/**
 * Writes what a round did. Run it in one transaction: the portal did it in one request.
 * @param mentionOf what of its events is noted beside them; null: nothing
 */
export async function applyRound(
  db: Db,
  scope: QueueScope,
  changes: readonly LedgerChange[],
  policy: LedgerPolicy,
  now: number,
  mentionOf: MentionOf | null = null,
): Promise<RoundApplied> {
  const { memberId } = scope;
  const applied: RoundApplied = { marked: 0, cleared: 0, vanished: 0, displaced: 0 };
  for (const change of changes) {
    switch (change.type) {
      case 'reserved':
        await recordReserved(db, scope, change.batch, policy, now);
        if (mentionOf !== null) {
          const { events, errored, reservedAt = null } = change.batch;
          const markedUntil = errored ? reservedAt : null;
          await noteMentions(db, memberId, { events, errored, markedUntil }, mentionOf);
        }
        break;
      case 'marked': {
        const { marked, displaced } = await recordMarked(db, scope, change, policy, now);
        applied.marked += marked;
        applied.displaced += displaced;
        break;
      }
      case 'cleared':
        applied.cleared += touched(
          await db
            .updateTable('deliveries')
            .set({ held: 0 })
            .where('member_id', '=', memberId)
            .where('process_id', '=', change.processId)
            .where(among(db, 'row_id', change.rowIds))
            .where('held', '=', 1)
            .executeTakeFirst(),
        );
        break;
      case 'held': {
        const { marked, vanished } = await forgetVanished(db, memberId, change, policy, now);
        applied.marked += marked;
        applied.vanished += vanished;
        break;
      }
      case 'error_rows_complete':
        applied.vanished += await releaseVanished(db, scope, change.sentAt, now);
        break;
      case 'journaled':
        await writeJournal(db, scope, change);
        if (mentionOf !== null) {
          const { events, errored } = change;
          await noteMentions(db, memberId, { events, errored, markedUntil: null }, mentionOf);
        }
        break;
      case 'journal_taken':
        await db
          .deleteFrom('journal')
          .where('member_id', '=', memberId)
          .where(among(db, 'row_id', change.rowIds))
          .execute();
        break;
    }
  }
  return applied;
}
