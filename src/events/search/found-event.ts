import { eventId, originOfRow } from '../../contract/event.js';
import { type EventOrigin } from '../../contract/event-facts.js';
import { subjectPrefix } from '../../contract/topics.js';
import { type FoundDelivery } from '../../ledger/search/found-delivery.js';
import { reasonShown } from '../refusal.js';

/** An event as people see it in a list, whether it is under way, in trouble or over. Times are Unix ms. */
export interface FoundEvent extends Omit<FoundDelivery, 'changedAt' | 'objectId'> {
  /** The event's id, as consumers see it. */
  readonly id: string;
  /** The portal's name; its member id where it is not registered any more. */
  readonly portal: string;
  /** What changed, `crm.deal/123`; null where the event has no object. */
  readonly subject: string | null;
  readonly changedAt: number;
  /** Null: from its portal's queue. */
  readonly origin: EventOrigin | null;
}

/** @param nameOf the name of a portal */
export function foundEvent(found: FoundDelivery, nameOf: (memberId: string) => string): FoundEvent {
  const { objectId, ...facts } = found;
  return {
    ...facts,
    id: eventId(found.memberId, found.rowId, found.changedAt),
    portal: nameOf(found.memberId),
    subject: objectId === null ? null : `${subjectPrefix(found.code)}/${objectId}`,
    changedAt: found.changedAt * 1000,
    origin: originOfRow(found.rowId),
    reason:
      found.state === 'refused'
        ? reasonShown({
            state: found.state,
            reason: found.reason,
            refusals: found.refusals,
            refused_key: found.refusedKey,
          })
        : found.reason,
  };
}
