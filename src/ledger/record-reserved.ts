import { insertReserved } from './insert-reserved.js';
import { type LedgerPolicy } from './history/history-settings.js';
import { among } from './lists.js';
import { type Prior, priorsOf } from './priors.js';
import { type ReservedBatch, type ReservedEvent } from './reserved-batch.js';
import { recordErrorRows } from './record-error-rows.js';
import { type QueueScope } from './source-key.js';
import { isSameChange } from './same-change.js';
import { type Db, move } from './transitions.js';

export { type ReservedBatch, type ReservedEvent } from './reserved-batch.js';

/**
 * Records a batch, before anything of it is published. Harmless to repeat: known deliveries keep their state and
 * are held again.
 */
export async function recordReserved(
  db: Db,
  scope: QueueScope,
  batch: ReservedBatch,
  policy: LedgerPolicy,
  now: number,
): Promise<void> {
  const { memberId } = scope;
  // One answer cannot hold a message twice under one process id; a broken one must not break the insert.
  const events = [...new Map(batch.events.map((event) => [event.messageId, event])).values()];
  if (events.length === 0) return;
  // Read first: whether their rows were held tells what they are.
  const priors =
    batch.errored || events.some((event) => event.timeAssumed === true)
      ? await priorsOf(db, memberId, batch.processId, events)
      : new Map<string, Prior[]>();
  if (batch.held) await forgetElsewhere(db, memberId, batch.processId, events);
  if (batch.errored) return recordErrorRows(db, scope, batch, events, priors, policy, now);
  const known = await isKnown(db, memberId, batch.processId);
  const timed = events.map((event) => withFirstTime(event, priors.get(event.messageId) ?? []));
  await insertReserved(db, scope, batch, timed, now);
  if (batch.held && known) {
    // The portal still holds it unmarked, whatever we believed: it is marked again, not forgotten.
    for (const [state, heard] of [
      ['failed', 0],
      ['processed', 1],
    ] as const)
      await move(db, ['marked'], state, now)
        .where('member_id', '=', memberId)
        .where('process_id', '=', batch.processId)
        .where('heard', '=', heard)
        .where(
          among(
            db,
            'message_id',
            events.map((event) => event.messageId),
          ),
        )
        .execute();
  }
}

/** A change that the ledger has under another process id keeps the time, and so the id, that it has there. */
function withFirstTime(event: ReservedEvent, priors: readonly Prior[]): ReservedEvent {
  if (event.timeAssumed !== true) return event;
  const prior = priors.find((candidate) => isSameChange(event, candidate));
  if (prior === undefined) return event;
  return { ...event, changedAt: prior.changed_at, timeAssumed: prior.time_assumed === 1 };
}

/** Whether the ledger has anything of a batch, be its state what it may. */
async function isKnown(db: Db, memberId: string, processId: string): Promise<boolean> {
  const one = await db
    .selectFrom('deliveries')
    .select('seq')
    .where('member_id', '=', memberId)
    .where('process_id', '=', processId)
    .limit(1)
    .execute();
  return one.length > 0;
}

/** A row has one process id: seen under this one, it is held under no other. */
async function forgetElsewhere(
  db: Db,
  memberId: string,
  processId: string,
  events: readonly ReservedEvent[],
): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ held: 0 })
    .where('member_id', '=', memberId)
    .where(
      among(
        db,
        'message_id',
        events.map((event) => event.messageId),
      ),
    )
    .where(
      among(
        db,
        'row_id',
        events.map((event) => event.rowId),
      ),
    )
    .where('held', '=', 1)
    .where('process_id', '!=', processId)
    .execute();
}
