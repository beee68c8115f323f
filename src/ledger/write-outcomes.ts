import { asRenewed } from './late-success.js';
import { among } from './lists.js';
import { type Db, move } from './transitions.js';

/** What becomes of a delivery. */
export type DeliveryChange =
  | { state: 'processed' }
  /** It will be processed once the broker has confirmed it. */
  | { state: 'heard' }
  | { state: 'failed'; reason: string }
  /** It was taken for silent, and failed: nothing but the reason is new. */
  | { state: 'told'; reason: string }
  /** It is delivered once more, as the newer change that its row may stand for. */
  | { state: 'renewed' }
  | { state: 'waiting'; attempt: number; dueAt: number; reason: string };

/**
 * Writes what becomes of deliveries, by their `seq`: one UPDATE for all that change alike.
 * @param reasons the numbers of all reasons among them
 */
export async function writeOutcomes(
  db: Db,
  changes: ReadonlyMap<number, DeliveryChange>,
  reasons: ReadonlyMap<string, number>,
  now: number,
): Promise<void> {
  const groups = new Map<string, { change: DeliveryChange; seqs: number[] }>();
  for (const [seq, change] of changes) {
    const key = JSON.stringify(change);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { change, seqs: [seq] });
    else group.seqs.push(seq);
  }
  for (const { change, seqs } of groups.values()) {
    await changeTo(db, change, reasons, now)
      .where(among(db, 'seq', seqs))
      .execute();
  }
}

function changeTo(db: Db, change: DeliveryChange, reasons: ReadonlyMap<string, number>, now: number) {
  const why = (reason: string) => ({ reason, reason_no: reasons.get(reason) ?? null });
  switch (change.state) {
    case 'processed':
      return move(db, ['published', 'failed', 'waiting'], 'processed', now).set({
        due_at: null,
        silent: null,
      });
    case 'heard':
      return db.updateTable('deliveries').set({ heard: 1 });
    case 'told':
      return db.updateTable('deliveries').set({ ...why(change.reason), heard: 0 });
    case 'renewed':
      return move(db, ['waiting'], 'waiting', now).set((eb) => asRenewed(eb, eb.ref('attempt'), now));
    case 'failed':
      return move(db, ['reserved', 'refused', 'published', 'processed', 'waiting'], 'failed', now).set({
        due_at: null,
        ...why(change.reason),
        heard: 0,
        silent: null,
      });
    case 'waiting':
      return move(db, ['reserved', 'refused', 'published', 'processed', 'waiting'], 'waiting', now).set({
        attempt: change.attempt,
        due_at: change.dueAt,
        ...why(change.reason),
        heard: 0,
        silent: null,
      });
  }
}
