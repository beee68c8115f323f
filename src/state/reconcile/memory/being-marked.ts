import { parseJson } from '../../../json/exact-json.js';
import { asJson, jsonRows } from '../../../ledger/lists.js';
import { type MentionOf } from '../../../ledger/note-mentions.js';
import { type Db } from '../../../ledger/transitions.js';
import { sql } from 'kysely';

/**
 * Which of these objects have an event that is marked on the portal, or about to be. Later changes go into its row, or
 * are deleted by its mark, and are told when it is fetched again.
 */
export async function beingMarked(
  db: Db,
  memberId: string,
  entityTypeId: number,
  ids: readonly number[],
  mentionOf: MentionOf,
): Promise<Set<number>> {
  const { rows } = await sql<{ event: string; payload: string; object_id: string }>`
    select event, payload, object_id from deliveries
    where member_id = ${memberId} and state in ('failed', 'marked') and object_id in (
      select value ->> 0 from ${jsonRows(db, asJson(ids.map((id) => [String(id)])))})`.execute(db);
  const found = rows.map(({ event, payload }) => mentionOf(event, parseJson(payload)));
  return new Set(
    found.flatMap((one) => (one !== null && one.entityTypeId === entityTypeId ? [one.objectId] : [])),
  );
}
