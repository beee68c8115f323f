import { encodeEvent, eventId, parseEventId, UnencodableEvent } from '../../contract/event.js';
import { type DeliveryRecord, type DeliveryReference } from '../../ledger/find-deliveries.js';
import { type Portal } from '../../portals/registry.js';
import { CommandFailed } from '../command-result.js';
import { isoTime } from '../table.js';

/** A delivery for `--json`; times are ISO 8601, what does not apply is null. */
export interface DescribedDelivery {
  readonly seq: number;
  /** The event's id, as consumers see it. */
  readonly id: string;
  readonly portal: string;
  readonly memberId: string;
  readonly event: string;
  readonly rowId: string;
  readonly messageId: string;
  readonly processId: string;
  readonly state: DeliveryRecord['state'];
  readonly stateSince: string | null;
  /** The delivery under way or next due, from 1, and how many of them belong to earlier series. */
  readonly attempt: number;
  readonly attemptsBefore: number;
  readonly dueAt: string | null;
  readonly reason: string | null;
  readonly heldOnPortal: boolean;
  /** Whether the portal's row carries the error flag already. */
  readonly marked: boolean;
  readonly changedAt: string | null;
  readonly reservedAt: string | null;
  readonly discardedAt: string | null;
}

/** @param portal undefined where it is not registered any more */
export function describeDelivery(record: DeliveryRecord, portal: Portal | undefined): DescribedDelivery {
  return {
    seq: record.seq,
    id: eventId(record.member_id, record.row_id, record.changed_at),
    portal: portal?.name ?? record.member_id,
    memberId: record.member_id,
    event: record.event,
    rowId: record.row_id,
    messageId: record.message_id,
    processId: record.process_id,
    state: record.state,
    stateSince: isoTime(record.state_at),
    attempt: record.attempt,
    attemptsBefore: record.attempts_before,
    dueAt: isoTime(record.due_at),
    reason: record.reason,
    heldOnPortal: record.held === 1,
    marked: record.errored === 1,
    changedAt: isoTime(record.changed_at * 1000),
    reservedAt: isoTime(record.reserved_at),
    discardedAt: isoTime(record.discarded_at),
  };
}

/** The message as it is published; `body` is null where none can be made, and `unencodable` says why. */
export function messageOf(
  record: DeliveryRecord,
  portal: Portal | undefined,
): { routingKey: string | null; body: unknown; unencodable: string | null } {
  if (portal === undefined)
    return { routingKey: null, body: null, unencodable: 'its portal is not registered' };
  try {
    const { routingKey, body } = encodeEvent(
      {
        memberId: record.member_id,
        portal: portal.name,
        source: `${new URL(portal.clientEndpoint).protocol}//${portal.domain}`,
        processId: record.process_id,
        messageId: record.message_id,
        rowId: record.row_id,
        changedAt: record.changed_at,
        event: record.event,
        data: JSON.parse(record.payload) as unknown,
        userId: record.user_id,
        attempt: record.attempt,
      },
      '',
    );
    return { routingKey, body: JSON.parse(body.toString()) as unknown, unencodable: null };
  } catch (error) {
    if (!(error instanceof UnencodableEvent)) throw error;
    return { routingKey: null, body: null, unencodable: error.reason };
  }
}

/** Reads an event id, or the number of a delivery in the ledger. @throws {CommandFailed} */
export function parseReference(text: string): DeliveryReference {
  if (/^\d{1,15}$/.test(text)) return { seq: Number(text) };
  const reference = parseEventId(text);
  if (reference !== null) return reference;
  throw new CommandFailed(
    `${text} is neither an event id (<member id>-<row>-<time>) nor a delivery's number`,
    2,
  );
}
