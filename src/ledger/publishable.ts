import { type Selectable } from 'kysely';
import { type DeliveriesTable, type DeliveryOrigin } from '../database/schema.js';
import { parseJson } from '../json/exact-json.js';

/** A delivery that is to be published now. */
export interface Publishable {
  readonly seq: number;
  readonly memberId: string;
  readonly processId: string;
  readonly messageId: string;
  readonly rowId: string;
  readonly changedAt: number;
  readonly event: string;
  readonly data: unknown;
  readonly userId: string | null;
  readonly attempt: number;
  /** Attempts of earlier series, which do not count towards the limit. */
  readonly attemptsBefore: number;
  readonly reason: string | null;
  /** How often in a row the broker has refused it. */
  readonly refusals: number;
  /** Null: a row of the portal's queue. */
  readonly origin: DeliveryOrigin | null;
  /** The routing key that was asked for; null: the standard one. */
  readonly routingKey: string | null;
}

export const PUBLISHABLE_COLUMNS = [
  'seq',
  'member_id',
  'process_id',
  'message_id',
  'row_id',
  'changed_at',
  'event',
  'payload',
  'user_id',
  'attempt',
  'attempts_before',
  'reason',
  'refusals',
  'origin',
  'routing_key',
] as const satisfies readonly (keyof DeliveriesTable)[];

export function publishableOf(
  row: Pick<Selectable<DeliveriesTable>, (typeof PUBLISHABLE_COLUMNS)[number]>,
): Publishable {
  return {
    seq: row.seq,
    memberId: row.member_id,
    processId: row.process_id,
    messageId: row.message_id,
    rowId: row.row_id,
    changedAt: row.changed_at,
    event: row.event,
    data: parseJson(row.payload),
    userId: row.user_id,
    attempt: row.attempt,
    attemptsBefore: row.attempts_before,
    reason: row.reason,
    refusals: row.refusals,
    origin: row.origin,
    routingKey: row.routing_key,
  };
}
