import { sql } from 'kysely';
import { type SnapshotState } from '../../database/schema.js';
import { type Db, touched } from '../transitions.js';

/** What people do to a snapshot, and what that takes. */
export const STEERED = {
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused', 'failed'], to: 'running' },
  cancel: { from: ['running', 'paused'], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly SnapshotState[]; to: SnapshotState }>;
export type Steering = keyof typeof STEERED;

/**
 * Pauses, resumes or cancels a snapshot; one that has failed goes on where it stopped. Returns whether its state allowed
 * it, and no other one of the portal is under way. Its pages under way are not written any more.
 */
export async function steerSnapshot(db: Db, no: number, steering: Steering, now: number): Promise<boolean> {
  const { from, to } = STEERED[steering];
  const result = await db
    .updateTable('snapshots')
    .set((eb) => ({
      state: to,
      reason: null,
      finished_at: to === 'cancelled' ? now : null,
      progressed_at: now,
      // What was paused has added its time already.
      ran_ms: sql<number>`ran_ms + case when state = 'running' then ${now} - resumed_at else 0 end`,
      resumed_at: to === 'running' ? now : eb.ref('resumed_at'),
    }))
    .where('no', '=', no)
    .where('state', 'in', from)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('snapshots as other')
            .select('other.no')
            .whereRef('other.member_id', '=', 'snapshots.member_id')
            .whereRef('other.no', '<>', 'snapshots.no')
            .where('other.state', 'in', ['running', 'paused']),
        ),
      ),
    )
    .executeTakeFirst();
  return touched(result) > 0;
}
