import { type LedgerPolicy } from './history/history-settings.js';
import { asRenewed } from './late-success.js';
import { among } from './lists.js';
import { moveToMarked } from './move-to-marked.js';
import { type QueueScope } from './source-key.js';
import { type Db, move, touched } from './transitions.js';

/**
 * The portal shows all that a batch still holds: the rest of what the ledger believes it to hold is gone. A failure whose
 * mark was sent is most likely gone by that mark, whatever the portal has said of it: it waits for its marked row, and is
 * not retried beside that.
 */
export async function forgetVanished(
  db: Db,
  memberId: string,
  change: { processId: string; messageIds: readonly string[] },
  policy: LedgerPolicy,
  now: number,
): Promise<{ marked: number; vanished: number }> {
  const believed = await db
    .selectFrom('deliveries')
    .select(['seq', 'message_id', 'state', 'attempt', 'attempts_before', 'mark_sent_at'])
    .where('member_id', '=', memberId)
    .where('process_id', '=', change.processId)
    .where('held', '=', 1)
    .where('errored', '=', 0)
    .execute();
  const held = new Set(change.messageIds);
  const gone = believed.filter((delivery) => !held.has(delivery.message_id));
  if (gone.length === 0) return { marked: 0, vanished: 0 };
  const seqs = gone.map(({ seq }) => seq);
  await db
    .updateTable('deliveries')
    .set({ held: 0 })
    .where(among(db, 'seq', seqs))
    .execute();
  const markSent = gone.filter(({ state, mark_sent_at }) => state === 'failed' && mark_sent_at !== null);
  // What else of their objects waited beside them is not known.
  const marked = await moveToMarked(db, markSent, policy, now, { stands_for_newer: 1 });
  return { marked, vanished: gone.length - marked };
}

/** Every error row was fetched: marked deliveries that were not among them have lost their row. Returns how many. */
export async function releaseVanished(
  db: Db,
  { memberId, sourceKey }: QueueScope,
  sentAt: number,
  now: number,
): Promise<number> {
  let vanished = 0;
  const gone = async (update: ReturnType<typeof move>) => {
    const result = await update
      .where('member_id', '=', memberId)
      .where('source_key', '=', sourceKey)
      // A mark of the future was written before the clock was set back.
      .where((eb) => eb.or([eb('state_at', '<', sentAt), eb('state_at', '>', now)]))
      .executeTakeFirst();
    vanished += touched(result);
  };
  // Settled by a late reply: nothing is left to be done.
  await gone(
    move(db, ['marked'], 'processed', now)
      .set({ due_at: null })
      .where('heard', '=', 1)
      .where('stands_for_newer', '=', 0),
  );
  // What the row stood for has gone with it.
  await gone(
    move(db, ['marked'], 'waiting', now)
      .set((eb) => ({ attempt: eb('attempt', '+', 1), ...asRenewed(eb, eb('attempt', '+', 1), now) }))
      .where('heard', '=', 1),
  );
  await gone(move(db, ['marked'], 'waiting', now).set((eb) => ({ attempt: eb('attempt', '+', 1) })));
  return vanished;
}
