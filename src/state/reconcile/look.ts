import { CHANGES_ORDER, restOf, stretchFilter, type TimeStretch } from './time-stretches.js';
import { calibrate } from './calibrate.js';
import { COMPARED, type ListedObject } from './listed-object.js';
import { firstSeen } from './judge-page.js';
import { knownOf } from './memory/known.js';
import { remember } from './memory/remember.js';
import { type ReconciledType, setProgress } from './memory/types.js';
import { readPages } from './read-pages.js';
import { type ReconcileDependencies } from './reconcile-dependencies.js';

/** What was changed up to so long before the last look is looked at again, s: a change may be late to be seen. */
const OVERLAP_S = 600;
/** The portal's clock is known to about a second, and goes on meanwhile. */
const AHEAD_S = 600;
/** Where the object that dates were compared by is older, its season may have another offset. */
const SAME_SEASON_S = 12 * 3600;
const SEASON_S = 3600;
/** How far dates may be off where nothing tells how they are read. */
const ANY_OFFSET_S = 28 * 3600;
/** Commands of one request. */
const AT_ONCE = 50;

/**
 * Looks through what was changed since the last look, and remembers what no event has announced. It may be begun again
 * at any point: what was looked at is known.
 * @param portalTime what the time is on the portal, Unix seconds
 * @returns how many objects were listed
 * @throws {CannotRead}
 */
export async function look(
  deps: ReconcileDependencies,
  type: ReconciledType,
  portalTime: number,
  signal: AbortSignal,
): Promise<number> {
  const { reader, ledger, portal, now } = deps;
  const startedAt = now();
  const clock = await calibrate(reader, type.entity_type_id, signal);
  let listed = 0;
  if (clock !== null) {
    const { from, to } = spanOf(type, startedAt, portalTime);
    const old = Math.abs(portalTime - clock.knownBy) > SAME_SEASON_S;
    const wider = clock.certain ? (old ? SEASON_S : 0) : ANY_OFFSET_S;
    let left: TimeStretch[] = [{ from: from - wider, to: to + wider }];
    while (left.length > 0) {
      const stretches = left.slice(0, AT_ONCE);
      const commands = stretches.map((stretch) => ({
        entityTypeId: type.entity_type_id,
        filter: stretchFilter(stretch, clock),
        order: CHANGES_ORDER,
        select: COMPARED,
      }));
      const pages = await readPages(reader, commands, signal);
      const rest = stretches.flatMap((stretch, index) => restOf(stretch, pages[index] ?? []));
      left = [...left.slice(AT_ONCE), ...rest];
      const objects = latestOf(pages.flat());
      listed += objects.length;
      await note(deps, type, objects);
    }
  }
  const progress = { looked_at: startedAt, looked_to: portalTime, trouble: null };
  await ledger.write(portal.memberId, (tx) => setProgress(tx, type.no, progress));
  return listed;
}

/** From when to when changes are looked through, Unix seconds by the portal's clock. Pure. */
function spanOf(
  { looked_at: lookedAt, looked_to: lookedTo }: Pick<ReconciledType, 'looked_at' | 'looked_to'>,
  now: number,
  portalTime: number,
): { from: number; to: number } {
  const elapsed = lookedAt === null ? 0 : Math.max(0, Math.ceil((now - lookedAt) / 1000));
  // Its clock may have been set back since: what it says now is what changes are dated by.
  const since = Math.min(lookedTo ?? portalTime, portalTime - elapsed);
  return { from: since - OVERLAP_S, to: Math.max(lookedTo ?? portalTime, portalTime) + AHEAD_S };
}

/** An object that was changed between two pages is on both. */
function latestOf(objects: readonly ListedObject[]): ListedObject[] {
  const latest = new Map<number, ListedObject>();
  for (const object of objects) {
    if ((latest.get(object.id)?.updatedAt ?? -Infinity) < object.updatedAt) latest.set(object.id, object);
  }
  return [...latest.values()];
}

async function note(
  { ledger, portal, now }: ReconcileDependencies,
  type: ReconciledType,
  objects: readonly ListedObject[],
): Promise<void> {
  if (objects.length === 0) return;
  const judging = { learned: type.learned_at !== null, readAt: now(), emptyAt: null };
  await ledger.write(
    portal.memberId,
    async (tx) => {
      const ids = objects.map(({ id }) => id);
      const known = await knownOf(tx, type.no, ids);
      await remember(tx, type.no, firstSeen(objects, known, judging));
    },
    objects.length,
  );
}
