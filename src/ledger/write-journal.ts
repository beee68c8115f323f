import { type ReservedEvent } from './record-reserved.js';
import { payloadOf } from './reserved-batch.js';
import { mapped, rowParts } from './row-parts.js';
import { type QueueScope } from './source-key.js';
import { type Db } from './transitions.js';

/** Keeps what the portal listed, before it is told to hand it over. */
export async function writeJournal(
  db: Db,
  { memberId, sourceKey }: QueueScope,
  change: { events: readonly ReservedEvent[]; errored: boolean },
): Promise<void> {
  const events = [...new Map(change.events.map((event) => [event.rowId, event])).values()];
  const rows = mapped(events, (event) => ({
    member_id: memberId,
    row_id: event.rowId,
    message_id: event.messageId,
    changed_at: event.changedAt,
    event: event.event,
    payload: payloadOf(event),
    user_id: event.userId,
    time_assumed: event.timeAssumed === true ? (1 as const) : (0 as const),
    errored: change.errored ? (1 as const) : (0 as const),
    source_key: sourceKey,
  }));
  for (const part of rowParts(rows)) {
    await db
      .insertInto('journal')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['member_id', 'row_id']).doUpdateSet((eb) => ({
          message_id: eb.ref('excluded.message_id'),
          changed_at: eb.ref('excluded.changed_at'),
          time_assumed: eb.ref('excluded.time_assumed'),
          event: eb.ref('excluded.event'),
          payload: eb.ref('excluded.payload'),
          user_id: eb.ref('excluded.user_id'),
          errored: eb.ref('excluded.errored'),
          source_key: eb.ref('excluded.source_key'),
        })),
      )
      .execute();
  }
}
