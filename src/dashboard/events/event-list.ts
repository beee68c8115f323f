import { eventId, parseEventId } from '../../contract/event.js';
import { type DeliveryState } from '../../database/schema.js';
import { type DeliveryFilter, type DeliveryRecord, type PageMark } from '../../ledger/find-deliveries.js';
import { type LedgerAdmin } from '../../ledger/admin.js';
import { type ReasonGroup } from '../../ledger/reason-groups.js';
import { type HeldRows } from '../session/held-rows.js';
import { type TroubleQuery, pageMarkOf, markText } from './trouble-query.js';

const PAGE_SIZE = 50;
const MOST_REASONS = 100;

/** One page of events. */
export interface EventList {
  readonly query: TroubleQuery;
  readonly records: readonly DeliveryRecord[];
  /** All that match, by state. */
  readonly counts: Readonly<Partial<Record<DeliveryState, number>>>;
  readonly maxAttempts: number;
  /** Where the next page begins; null on the last. */
  readonly next: PageMark | null;
  readonly first: boolean;
  /** Where the newest row was when the list was drawn; what is newer waits. */
  readonly mark: string;
  /** So many newer ones wait; more than a page are told as one more than a page. */
  readonly waiting: number;
  /** By reason; null where they are listed one by one. */
  readonly groups: readonly ReasonGroup[] | null;
}

/**
 * Reads a page of events. Of a list that somebody works with it has the rows that are shown, as they are now and where
 * they are; whatever came since waits.
 * @param filter null where the query names an unknown portal
 */
export async function readEventList(
  admin: Pick<LedgerAdmin, 'count' | 'lastOf' | 'latest' | 'reasons'>,
  query: TroubleQuery,
  filter: DeliveryFilter | null,
  after: PageMark | undefined,
  held: HeldRows | null,
  maxAttempts: number,
): Promise<EventList> {
  const list = { query, maxAttempts, first: after === undefined };
  const nothing = { records: [], next: null, mark: '', waiting: 0, groups: null };
  if (filter === null) return { ...list, ...nothing, counts: {} };
  if (query.group) {
    const [counts, groups] = await Promise.all([admin.count(filter), admin.reasons(filter, MOST_REASONS)]);
    return { ...list, ...nothing, counts, groups };
  }
  const [counts, page] = await Promise.all([
    admin.count(filter),
    admin.latest(filter, PAGE_SIZE + 1, after, query.order),
  ]);
  const kept = held === null ? [] : await stillThere(admin, held.keys);
  const fresh = page.slice(0, PAGE_SIZE);
  const records = kept.length === 0 ? fresh : kept;
  const last = records.at(-1);
  const newest = fresh[0];
  const mark =
    held !== null && kept.length > 0
      ? held.mark
      : newest === undefined
        ? ''
        : markText({ stateAt: newest.state_at, seq: newest.seq });
  return {
    ...list,
    counts,
    records,
    next: page.length > PAGE_SIZE && last ? { stateAt: last.state_at, seq: last.seq } : null,
    mark,
    waiting:
      kept.length === 0 || !list.first || query.order === 'oldest' ? 0 : newerOf(page, records, mark).length,
    groups: null,
  };
}

/** The last delivery of each event: a marked one goes, and another takes its place. */
function stillThere(admin: Pick<LedgerAdmin, 'lastOf'>, ids: readonly string[]): Promise<DeliveryRecord[]> {
  return admin.lastOf(ids.flatMap((id) => parseEventId(id) ?? []));
}

/** The event's id, as consumers see it. */
function idOf({
  member_id: memberId,
  row_id: rowId,
  changed_at: changedAt,
}: Pick<DeliveryRecord, 'member_id' | 'row_id' | 'changed_at'>): string {
  return eventId(memberId, rowId, changedAt);
}

function newerOf(
  page: readonly DeliveryRecord[],
  shown: readonly DeliveryRecord[],
  text: string,
): DeliveryRecord[] {
  const mark = pageMarkOf(text);
  const known = new Set(shown.map(idOf));
  return page.filter(
    ({ state_at: stateAt, seq, ...record }) =>
      !known.has(idOf(record)) &&
      (mark === undefined || stateAt > mark.stateAt || (stateAt === mark.stateAt && seq > mark.seq)),
  );
}
