import { eventId, subjectOf } from '../../contract/event.js';
import { parseJson } from '../../json/exact-json.js';
import { attemptOf } from '../../events/attempt.js';
import { reasonShown } from '../../events/refusal.js';
import { readReference } from '../../events/event-reference.js';
import { type DeliveryRecord, type DeliveryReference } from '../../ledger/find-deliveries.js';
import { type Portal } from '../../portals/portal-record.js';
import { CommandFailed } from '../command/command-result.js';
import { isoTime } from '../command/table.js';

/** A delivery for `--json`; times are ISO 8601, what does not apply is null. */
export interface DescribedDelivery {
  readonly seq: number;
  /** The event's id, as consumers see it. */
  readonly id: string;
  readonly portal: string;
  readonly memberId: string;
  readonly event: string;
  /** What changed, `crm.deal/123`; null where the event has no object. */
  readonly subject: string | null;
  /** Where it comes from, where that is not the portal's queue. */
  readonly origin: DeliveryRecord['origin'];
  readonly rowId: string;
  readonly messageId: string;
  readonly processId: string;
  readonly state: DeliveryRecord['state'];
  readonly stateSince: string | null;
  /** The delivery under way, next due, or last made, from 1, and how many of them belong to earlier series. */
  readonly attempt: number;
  readonly attemptsBefore: number;
  readonly dueAt: string | null;
  readonly reason: string | null;
  /** How often in a row a queue has refused it. */
  readonly refusals: number;
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
    subject: subjectOf(record.event, parseJson(record.payload)) ?? null,
    origin: record.origin,
    rowId: record.row_id,
    messageId: record.message_id,
    processId: record.process_id,
    state: record.state,
    stateSince: isoTime(record.state_at),
    attempt: attemptOf(record),
    attemptsBefore: record.attempts_before,
    dueAt: isoTime(record.due_at),
    reason: reasonShown(record),
    refusals: record.refusals,
    heldOnPortal: record.held === 1,
    marked: record.errored === 1,
    changedAt: isoTime(record.changed_at * 1000),
    reservedAt: isoTime(record.reserved_at),
    discardedAt: isoTime(record.discarded_at),
  };
}

/** Reads an event id, or the number of a delivery in the ledger. @throws {CommandFailed} */
export function parseReference(text: string): DeliveryReference {
  const reference = readReference(text);
  if (reference !== null) return reference;
  throw new CommandFailed(
    `${text} is neither an event id (<member id>-<row>-<time>) nor a delivery's number`,
    2,
  );
}
