import { insertUnheld, lastSeq } from '../../ledger/insert-unheld.js';
import { type ReservedEvent } from '../../ledger/reserved-batch.js';
import { type Db } from '../../ledger/transitions.js';
import { subjectPrefix } from '../../contract/topics.js';
import { PAGE_ITEMS } from '../reading/object-read.js';
import { likelyCause } from './cause.js';
import { rememberedBy } from './judge-page.js';
import { CONFIRMED, type ListedObject, readListed } from './listed-object.js';
import { beingMarked } from './memory/being-marked.js';
import { knownOf } from './memory/known.js';
import { remember, type Remembered } from './memory/remember.js';
import { type Missed, reportMissed } from './memory/report-missed.js';
import { installedAt, spellsSince } from './memory/silent-spells.js';
import { clearAnnounced, suspectsOf } from './memory/suspects.js';
import { type ReconciledType } from './memory/types.js';
import { GRACE_MS, judgeAbsent, judgeListed } from './missed.js';
import { type QueueReads } from './queue-reads.js';
import { CannotRead, readPages } from './read-pages.js';
import { dataOf } from './reconciled-types.js';
import { type FoundChange, type ReconcileDependencies } from './reconcile-dependencies.js';

/** Suspicions that are settled at once. */
const SETTLED_AT_ONCE = 500;

/** What the portal says of suspect objects now. */
interface Confirmed {
  readonly listed: ReadonlyMap<number, ListedObject>;
  /** Of those that cannot be read: whether the portal says that they do not exist. */
  readonly absent: ReadonlyMap<number, boolean>;
}

interface FoundMissed extends Missed {
  readonly code: string;
  readonly updatedBy: string | null;
}

/**
 * Settles what was suspect for long enough: what events have announced meanwhile is accounted for; the rest is read once
 * more, and where it is still so, it was missed. The event, the report and what is known are written together.
 * @returns what was found, and whether there is more
 * @throws {CannotRead}
 */
export async function settleSuspects(
  deps: ReconcileDependencies,
  queue: QueueReads,
  type: ReconciledType,
  signal: AbortSignal,
): Promise<{ found: FoundChange[]; more: boolean }> {
  const { ledger, portal, db, now } = deps;
  const emptyAt = queue.readToItsEndAt();
  if (emptyAt === null) return { found: [], more: false };
  await ledger.write(portal.memberId, (tx) => clearAnnounced(tx, type.no));
  const ids = await suspectsOf(db, type.no, emptyAt - GRACE_MS, SETTLED_AT_ONCE);
  if (ids.length === 0) return { found: [], more: false };
  const confirmed = await confirm(deps, type.entity_type_id, ids, signal);
  const ownUser = await portal.ownUser(signal);
  const readAt = now();
  const found = await ledger.write(
    portal.memberId,
    async (tx) => {
      const { missed, remembered } = await judge(deps, queue, type, {
        tx,
        ids,
        confirmed,
        ownUser,
        emptyAt,
        readAt,
      });
      await remember(tx, type.no, remembered);
      await deliver(tx, portal.memberId, type, missed, readAt);
      return missed;
    },
    ids.length,
  );
  const more = ids.length === SETTLED_AT_ONCE;
  return {
    found: found.map(({ objectId, change, cause }) => ({ type: type.type, objectId, change, cause })),
    more,
  };
}

async function confirm(
  { reader }: ReconcileDependencies,
  entityTypeId: number,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<Confirmed> {
  const commands: { entityTypeId: number; filter: Record<string, unknown>; select: readonly string[] }[] = [];
  for (let start = 0; start < ids.length; start += PAGE_ITEMS) {
    const part = ids.slice(start, start + PAGE_ITEMS);
    commands.push({ entityTypeId, filter: { '@id': part }, select: CONFIRMED });
  }
  const pages = await readPages(reader, commands, signal);
  const listed = new Map(pages.flat().map((object) => [object.id, object]));
  const others = ids.filter((id) => !listed.has(id)).map(String);
  const absent = new Map<number, boolean>();
  if (others.length === 0) return { listed, absent };
  const reads = await reader.objects(entityTypeId, others, CONFIRMED, 'reconcile', signal);
  for (const [id, read] of reads) {
    if (read.status === 'failed') throw new CannotRead(read.error);
    const object = read.status === 'read' ? readListed(read.object) : null;
    if (object !== null) listed.set(object.id, object);
    else absent.set(Number(id), read.status === 'gone');
  }
  return { listed, absent };
}

interface JudgeInput {
  readonly tx: Db;
  readonly ids: readonly number[];
  readonly confirmed: Confirmed;
  readonly ownUser: string | null;
  readonly emptyAt: number;
  readonly readAt: number;
}

async function judge(
  { portal, types }: ReconcileDependencies,
  queue: QueueReads,
  type: ReconciledType,
  { tx, ids, confirmed, ownUser, emptyAt, readAt }: JudgeInput,
): Promise<{ missed: FoundMissed[]; remembered: Remembered[] }> {
  const { memberId } = portal;
  const known = await knownOf(tx, type.no, ids);
  const marked = await beingMarked(tx, memberId, type.entity_type_id, ids, (...event) =>
    types.mentionOf(...event),
  );
  const missed: FoundMissed[] = [];
  const remembered: Remembered[] = [];
  const judging = { learned: true, readAt, emptyAt };
  for (const id of ids) {
    const before = known.get(id);
    const object = confirmed.listed.get(id);
    const verdict =
      object === undefined
        ? judgeAbsent(before, confirmed.absent.get(id) ?? false, judging)
        : judgeListed(object.updatedAt, before, judging);
    const isMissed = verdict.is === 'missed';
    if (isMissed && marked.has(id)) {
      // It is told when the row is fetched again.
      remembered.push({ id, updatedAt: null, listedAt: null, gone: false, ...before, suspectAt: readAt });
      continue;
    }
    const remember = rememberedBy(id, before, verdict);
    if (remember !== null) remembered.push(remember);
    if (!isMissed) continue;
    const code = types.codeOf(type.entity_type_id, verdict.change);
    // No event that is bound would have told.
    if (code === null) continue;
    const changedAt = object?.updatedAt ?? queue.portalTime(readAt) ?? Math.floor(readAt / 1000);
    missed.push({
      memberId,
      type: type.type,
      objectId: id,
      change: verdict.change,
      changedAt,
      cause: 'unknown',
      code,
      updatedBy: object?.updatedBy ?? null,
    });
  }
  if (missed.length === 0) return { missed, remembered };
  // When it was is not known of a delete, nor of what has a date of before everything was learned.
  const since = Math.max(type.swept_at ?? 0, type.learned_at ?? 0);
  const span = (one: FoundMissed) => {
    const ours = queue.ourTime(one.changedAt);
    return one.change === 'delete' || ours < (type.learned_at ?? 0)
      ? { changedFrom: Math.min(since, readAt), changedTo: readAt }
      : { changedFrom: ours, changedTo: ours };
  };
  const earliest = missed.reduce((least, one) => Math.min(least, span(one).changedFrom), readAt);
  const spells = await spellsSince(tx, memberId, earliest - 60_000);
  const facts = {
    installedAt: await installedAt(tx, memberId),
    ownUser,
    sharedSeenAt: portal.sharedSeenAt(),
    spells,
  };
  const withCause = missed.map((one) => {
    const cause = likelyCause({ ...facts, ...span(one), updatedBy: one.updatedBy });
    return { ...one, cause };
  });
  return { missed: withCause, remembered };
}

/** Writes the report and the deliveries, which no portal holds. */
async function deliver(
  tx: Db,
  memberId: string,
  { entity_type_id: entityTypeId }: ReconciledType,
  missed: readonly FoundMissed[],
  now: number,
): Promise<void> {
  if (missed.length === 0) return;
  const numbers = await reportMissed(tx, missed, now);
  const events: ReservedEvent[] = missed.map(({ code, objectId, changedAt, updatedBy }, index) => ({
    rowId: `r${numbers[index] ?? 0}`,
    messageId: `${code}/${objectId}/${changedAt}`,
    changedAt,
    event: code,
    data: dataOf(entityTypeId, objectId),
    userId: updatedBy,
  }));
  const processId = `reconciled-${numbers[0] ?? 0}`;
  const unheld = { memberId, origin: 'reconciled', processId, routingKey: null, events } as const;
  // Nothing that was announced since is missed: the same transaction has looked.
  await insertUnheld(tx, unheld, await lastSeq(tx), subjectPrefix, now);
}
