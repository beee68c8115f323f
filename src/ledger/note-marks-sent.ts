import { sql } from 'kysely';
import { among } from './lists.js';
import { type QueueScope } from './source-key.js';
import { type Db } from './transitions.js';

/** A batch, and those of its messages that are about to be marked. */
export interface MarksSent {
  readonly processId: string;
  readonly messageIds: readonly string[];
}

/** Notes which failures are about to be marked: after a crash only their marks may be under way. */
export async function noteMarksSent(
  db: Db,
  { memberId }: QueueScope,
  marks: readonly MarksSent[],
  now: number,
): Promise<void> {
  for (const { processId, messageIds } of marks) {
    await db
      .updateTable('deliveries')
      .set({ mark_sent_at: now })
      .where('member_id', '=', memberId)
      .where('process_id', '=', processId)
      .where('state', '=', sql.lit('failed'))
      .where(among(db, 'message_id', messageIds))
      .execute();
  }
}
