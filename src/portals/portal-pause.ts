import { type PortalState } from '../database/schema.js';
import { type Paused, type PortalRow, readPaused } from './portal-record.js';
import { type PortalStore } from './portal-store.js';

/** What a pause came to. */
export interface PausedNow {
  readonly paused: Paused;
  /** Whether it was paused before; who paused it first and since when is kept. */
  readonly again: boolean;
}

/** What a resumption ended. */
export interface Resumed {
  /** The pause that people had ordered; null where there was none. */
  readonly pause: Paused | null;
  /** The state of trouble that it was in, and its reason; null where it was in none. */
  readonly trouble: { readonly state: PortalState; readonly reason: string | null } | null;
}

/** States that a resumption ends: in the others only a setting or a new installation helps, or nothing is stopped. */
const RESUMED: ReadonlySet<PortalState> = new Set([
  'unfinished',
  'unmarkable',
  'suspended',
  'unauthorized',
  'unlicensed',
]);

/** Whether a resumption ends what troubles a portal: of an active one, too, a reason that it is asked less often for. */
function endsBy(row: PortalRow): boolean {
  return (
    RESUMED.has(row.state) ||
    row.ask_again_at !== null ||
    (row.state === 'active' && row.state_reason !== null)
  );
}

/** Pauses by hand, and their end. The pause is a fact of its own: whatever happens to the portal's state, it stays. */
export class PortalPause {
  constructor(
    private readonly store: PortalStore,
    private readonly now: () => number,
  ) {}

  /**
   * Has nothing new reserved of a portal until it is resumed, over restarts and new installations. Where it is paused
   * already only a reason is taken over.
   * @param by who orders it
   */
  pause(memberId: string, reason: string | null, by: string): Promise<PausedNow> {
    const { own, database } = this.store;
    return own.during(memberId, async () => {
      const columns = { paused_at: this.now(), paused_reason: reason, paused_by: by };
      const { numUpdatedRows } = await database.db
        .updateTable('portals')
        .set(columns)
        .where('member_id', '=', memberId)
        .where('paused_at', 'is', null)
        .executeTakeFirst();
      const again = Number(numUpdatedRows) === 0;
      if (again && reason !== null) {
        await database.db
          .updateTable('portals')
          .set({ paused_reason: reason })
          .where('member_id', '=', memberId)
          .where('paused_at', 'is not', null)
          .execute();
      }
      // Another process may have paused it meanwhile, or ended that.
      const paused = readPaused((await this.store.rowOf(memberId)) ?? columns);
      this.store.remember({ ...this.store.require(memberId), paused });
      return { paused: paused ?? { since: columns.paused_at, reason, by }, again };
    });
  }

  /**
   * Ends a portal's pause, and has it asked again at once where it is stopped, as if it had never given a reason not to.
   * One that is not allowed or uninstalled stays what it is.
   */
  resume(memberId: string): Promise<Resumed> {
    const { own, database } = this.store;
    return own.during(memberId, async () => {
      const resumed = await database.transact(async (tx): Promise<Resumed> => {
        const row = await tx
          .selectFrom('portals')
          .selectAll()
          .where('member_id', '=', memberId)
          .executeTakeFirst();
        if (row === undefined) return { pause: null, trouble: null };
        const trouble = endsBy(row) ? { state: row.state, reason: row.state_reason } : null;
        await tx
          .updateTable('portals')
          .set({
            paused_at: null,
            paused_reason: null,
            paused_by: null,
            ...(trouble === null
              ? {}
              : {
                  state: 'active' as const,
                  state_reason: null,
                  state_since: this.now(),
                  bad_answers: 0,
                  ask_again_at: null,
                }),
          })
          .where('member_id', '=', memberId)
          .execute();
        return { pause: readPaused(row), trouble };
      });
      const portal = await this.store.current(memberId);
      if (portal !== undefined) this.store.remember(portal);
      return resumed;
    });
  }
}
