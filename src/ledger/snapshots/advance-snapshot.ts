import { sql } from 'kysely';
import { type Db, touched } from '../transitions.js';

/** Somebody has paused or cancelled the snapshot, or another process goes on with it: nothing was written. */
export class SnapshotNotOurs extends Error {
  override readonly name = 'SnapshotNotOurs';
  constructor(no: number) {
    super(`snapshot ${no} is not to be gone on with, or not from here`);
  }
}

/** What was read of a kind of objects. */
export interface Advance {
  readonly no: number;
  readonly ordinal: number;
  /** Where it stood before. */
  readonly from: number;
  /** Everything up to this id is read. */
  readonly upTo: number;
  readonly objects: number;
  readonly superseded: number;
}

/**
 * Writes down how far a snapshot is, in the transaction that writes its events.
 * @throws {SnapshotNotOurs} where it is not running, or does not stand where it was read from
 */
export async function advanceSnapshot(db: Db, advance: Advance, now: number): Promise<void> {
  await assertRunning(db, advance.no, now);
  const moved = await db
    .updateTable('snapshot_types')
    .set((eb) => ({
      after_id: advance.upTo,
      objects: eb('objects', '+', advance.objects),
      superseded: eb('superseded', '+', advance.superseded),
    }))
    .where('snapshot_no', '=', advance.no)
    .where('ordinal', '=', advance.ordinal)
    .where('after_id', '=', advance.from)
    .executeTakeFirst();
  if (touched(moved) === 0) throw new SnapshotNotOurs(advance.no);
}

/** Writes down up to which ids there are objects, by the ordinals of their kinds. @throws {SnapshotNotOurs} */
export async function noteMaxIds(
  db: Db,
  no: number,
  maxIds: ReadonlyMap<number, number>,
  now: number,
): Promise<void> {
  await assertRunning(db, no, now);
  for (const [ordinal, maxId] of maxIds) {
    await db
      .updateTable('snapshot_types')
      .set({ max_id: maxId })
      .where('snapshot_no', '=', no)
      .where('ordinal', '=', ordinal)
      .where('max_id', 'is', null)
      .execute();
  }
}

/** Ends a snapshot of which everything is read. @throws {SnapshotNotOurs} */
export async function completeSnapshot(db: Db, no: number, now: number): Promise<void> {
  await end(db, no, 'completed', null, now);
}

/** Ends a snapshot that cannot go on: people may resume it. Returns whether it ran. */
export async function failSnapshot(db: Db, no: number, reason: string, now: number): Promise<void> {
  await end(db, no, 'failed', reason, now);
}

async function assertRunning(db: Db, no: number, now: number): Promise<void> {
  const running = await db
    .updateTable('snapshots')
    .set({ progressed_at: now, reason: null })
    .where('no', '=', no)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (touched(running) === 0) throw new SnapshotNotOurs(no);
}

async function end(
  db: Db,
  no: number,
  state: 'completed' | 'failed',
  reason: string | null,
  now: number,
): Promise<void> {
  const ended = await db
    .updateTable('snapshots')
    .set({
      state,
      reason,
      finished_at: now,
      progressed_at: now,
      ran_ms: sql<number>`ran_ms + ${now} - resumed_at`,
    })
    .where('no', '=', no)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (touched(ended) === 0) throw new SnapshotNotOurs(no);
}
