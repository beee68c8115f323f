import { sql } from 'kysely';
import { type QueueScope } from './source-key.js';
import { type Db } from './transitions.js';

/**
 * Messages of a portal that are marked, and due or marked for `ageMs` and more; the first due first, at most `limit`.
 */
export async function markedDue(
  db: Db,
  { memberId, sourceKey }: QueueScope,
  ageMs: number,
  limit: number,
  now: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select('message_id')
    .where('member_id', '=', memberId)
    .where('state', '=', sql.lit('marked'))
    .where('source_key', '=', sourceKey)
    .where((eb) => eb.or([eb('due_at', '<=', now), eb('state_at', '<=', now - ageMs)]))
    .orderBy('due_at')
    .limit(limit)
    .execute();
  return rows.map(({ message_id: messageId }) => messageId);
}
