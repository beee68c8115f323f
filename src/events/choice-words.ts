import { eventId } from '../contract/event.js';
import { type EventQuery } from './search/event-query.js';
import { type DeliveryFilter, type DeliveryRecord } from '../ledger/find-deliveries.js';

/** Events that are named one by one. */
export const NAMED = 5;

/** Events chosen by name, for the record. @param some some of them, at most {@link NAMED} */
export function eventWords(some: readonly DeliveryRecord[], total: number): string {
  const ids = [...new Set(some.map((record) => eventId(record.member_id, record.row_id, record.changed_at)))];
  return total > some.length ? `${total} events: ${ids.join(', ')}, …` : ids.join(', ');
}

/** Events chosen by what they have in common, for the record. The portal is told beside it. */
export function filterWords({ memberId: _memberId, upToSeq: _upToSeq, ...filter }: DeliveryFilter): string {
  return commonWords(filter);
}

/** Events chosen by a search, for the record. The portal is told beside it. */
export function queryWords({ portals: _portals, from, to, ...query }: EventQuery): string {
  const time = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
  return commonWords({ ...query, from: time(from), to: time(to) });
}

function commonWords(common: object): string {
  const parts = Object.entries(common)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`);
  return `all with ${parts.join('; ')}`;
}
