import { eventId } from '../../contract/event.js';
import { type FoundDelivery } from '../../ledger/search/found-delivery.js';
import { type EventLogEntry } from '../../ledger/search/ledger-search.js';
import { type FoundEvent } from './found-event.js';

/** What may happen; of one moment, in this order. `settled` is told apart by its outcome. */
export const TIMELINE_STEPS = [
  'changed',
  'reserved',
  'fetched',
  'published',
  'failed',
  'heard',
  'marked',
  'superseded',
  'dead',
  'retried',
  'discarded',
  'settled',
] as const;

export type TimelineWhat = (typeof TIMELINE_STEPS)[number];

/** One step of an event's way. */
export interface TimelineEntry {
  readonly at: number;
  readonly what: TimelineWhat;
  /** Of which event: the same row on the portal may have taken in a newer change. */
  readonly id: string;
  readonly processId: string | null;
  readonly attempt: number | null;
  readonly reason: string | null;
  /** What told of a failure: `reply`, `group reply`, `nestjs answer`, `dead letter`, `silence`. */
  readonly via: string | null;
  /** Who did it, where a person did. */
  readonly by: string | null;
  readonly outcome: FoundDelivery['outcome'];
}

/** All that is known of an event, over all process ids and series of attempts. */
export interface Timeline {
  readonly id: string;
  readonly memberId: string;
  readonly portal: string;
  readonly code: string;
  readonly subject: string | null;
  /** Its deliveries, the newest first; of one that the history has, the record is gone. */
  readonly deliveries: readonly FoundEvent[];
  /** In the order in which it happened. */
  readonly entries: readonly TimelineEntry[];
}

const NOTHING = { processId: null, attempt: null, reason: null, via: null, by: null, outcome: null } as const;

/** Puts together what deliveries and the log tell. Pure. @param log of the event's row, other changes of it included */
export function timelineEntries(
  deliveries: readonly FoundEvent[],
  log: readonly EventLogEntry[],
): TimelineEntry[] {
  const entries = new Map<string, TimelineEntry>();
  const add = (entry: Partial<TimelineEntry> & Pick<TimelineEntry, 'at' | 'what' | 'id'>, key = '') => {
    const place = `${entry.what} ${entry.id} ${entry.at} ${key}`;
    if (!entries.has(place)) entries.set(place, { ...NOTHING, ...entry });
  };
  for (const { no, member_id: memberId, row_id: rowId, changed_at: changedAt, ...entry } of log) {
    const id = eventId(memberId, rowId, changedAt);
    const { process_id: processId, attempt } = entry;
    add({ at: changedAt * 1000, what: 'changed', id });
    if (entry.reserved_at !== null && !wasFetched(log, processId))
      add({ at: entry.reserved_at, what: 'reserved', id, processId });
    if (entry.published_at !== null)
      add({ at: entry.published_at, what: 'published', id, processId, attempt });
    const { at, what, reason, via, by_whom: by } = entry;
    const isEnd = what === 'failed' || what === 'dead';
    const told = { attempt: what === 'failed' ? attempt : null, reason: isEnd ? reason : null, via, by };
    add({ at, what, id, processId, ...told }, String(no));
  }
  for (const event of deliveries) {
    const { id, processId, changedAt, reservedAt, publishedAt, settledAt, outcome, attempts, reason } = event;
    add({ at: changedAt, what: 'changed', id });
    if (!wasFetched(log, processId)) add({ at: reservedAt, what: 'reserved', id, processId });
    if (publishedAt !== null) add({ at: publishedAt, what: 'published', id, processId, attempt: attempts });
    const isLogged = log.some(
      ({ what, process_id: process }) => what === outcome && process === processId && what !== 'discarded',
    );
    if (settledAt !== null && outcome !== null && !isLogged)
      add({
        at: settledAt,
        what: 'settled',
        id,
        processId,
        outcome,
        reason: outcome === 'dead' ? reason : null,
      });
  }
  return [...entries.values()].sort(
    (left, right) =>
      left.at - right.at || TIMELINE_STEPS.indexOf(left.what) - TIMELINE_STEPS.indexOf(right.what),
  );
}

/** Whether the batch of this process id brought rows that had been marked. */
function wasFetched(log: readonly EventLogEntry[], processId: string | null): boolean {
  return log.some(({ what, process_id: process }) => what === 'fetched' && process === processId);
}
