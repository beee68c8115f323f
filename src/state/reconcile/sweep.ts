import { idFilter, type IdRange, type IdRanges } from '../reading/id-ranges.js';
import { firstAbsent, firstSeen } from './judge-page.js';
import { COMPARED, type ListedObject } from './listed-object.js';
import { forgetGone } from './memory/forget.js';
import { highestKnown, knownBetween } from './memory/known.js';
import { remember } from './memory/remember.js';
import { type ReconciledType, setProgress, type TypeProgress } from './memory/types.js';
import { readPages } from './read-pages.js';
import { type ReconcileDependencies } from './reconcile-dependencies.js';

/** Commands of one request, and ranges that are written at once. */
const AT_ONCE = 50;
/** Objects that were deleted are remembered for so long, s: a list that was read before may still show them. */
const GONE_S = 86_400;
const ID_ORDER = { id: 'ASC' } as const;

/**
 * Begins a sweep through all ids. The first one of a type only learns what there is; what is changed from here on is
 * looked through after it.
 * @param portalTime what the time is on the portal, Unix seconds
 * @throws {CannotRead}
 */
export async function beginSweep(
  { reader, ledger, portal, db, now }: ReconcileDependencies,
  type: ReconciledType,
  portalTime: number,
  signal: AbortSignal,
): Promise<TypeProgress> {
  const startedAt = now();
  const command = {
    entityTypeId: type.entity_type_id,
    filter: {},
    order: { id: 'DESC' } as const,
    select: COMPARED,
  };
  const [page] = await readPages(reader, [command], signal);
  // The last ones may have been deleted.
  const known = await highestKnown(db, type.no);
  const progress: TypeProgress = {
    sweep_began_at: startedAt,
    sweep_after_id: 0,
    sweep_max_id: Math.max(page?.[0]?.id ?? 0, known),
    ...(type.looked_at === null ? { looked_at: startedAt, looked_to: portalTime } : {}),
    trouble: null,
  };
  await ledger.write(portal.memberId, (tx) => setProgress(tx, type.no, progress));
  return progress;
}

/**
 * The next part of a sweep: compares some thousand ids, and remembers what differs. What it says is written together with
 * how far it is.
 * @returns whether the sweep is over
 * @throws {CannotRead}
 */
export async function sweepOn(
  deps: ReconcileDependencies,
  type: ReconciledType,
  ranges: IdRanges,
  portalTime: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { ledger, portal, now } = deps;
  const after = type.sweep_after_id ?? 0;
  const maxId = type.sweep_max_id ?? 0;
  const chosen = ranges.next(after, maxId, AT_ONCE);
  const upTo = chosen.at(-1)?.upTo ?? maxId;
  const objects = await readRanges(deps, type.entity_type_id, chosen, ranges, signal);
  ranges.found(objects.length, upTo - after);
  const judging = { learned: type.learned_at !== null, readAt: now(), emptyAt: null };
  const over = upTo >= maxId;
  await ledger.write(
    portal.memberId,
    async (tx) => {
      const known = await knownBetween(tx, type.no, after, upTo);
      const listed = new Set(objects.map(({ id }) => id));
      await remember(tx, type.no, [
        ...firstSeen(objects, known, judging),
        ...(judging.learned ? firstAbsent(listed, known, judging) : []),
      ]);
      if (over) await forgetGone(tx, type.no, portalTime - GONE_S);
      await setProgress(tx, type.no, over ? ended(type, now()) : { sweep_after_id: upTo });
    },
    objects.length,
  );
  return over;
}

function ended(type: ReconciledType, now: number): TypeProgress {
  return {
    learned_at: type.learned_at ?? now,
    swept_at: type.sweep_began_at,
    sweep_began_at: null,
    sweep_after_id: null,
    sweep_max_id: null,
    trouble: null,
  };
}

async function readRanges(
  { reader }: ReconcileDependencies,
  entityTypeId: number,
  chosen: readonly IdRange[],
  ranges: IdRanges,
  signal: AbortSignal,
): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  let left = chosen;
  while (left.length > 0) {
    const commands = left.map((range) => ({
      entityTypeId,
      filter: idFilter(range),
      order: ID_ORDER,
      select: COMPARED,
    }));
    const pages = await readPages(reader, commands, signal);
    objects.push(...pages.flat());
    left = left.flatMap((range, index) => {
      const ids = (pages[index] ?? []).map(({ id }) => id);
      return ranges.rest(range, ids) ?? [];
    });
  }
  return objects;
}
