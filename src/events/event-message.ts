import { siteOf } from '../bitrix24/portal-address.js';
import { encodeEvent, UnencodableEvent } from '../contract/event.js';
import { parseJson } from '../json/exact-json.js';
import { type DeliveryRecord } from '../ledger/find-deliveries.js';
import { type Portal } from '../portals/portal-record.js';
import { attemptSeen } from './attempt.js';

/** An event as it is published; `body` is null where no message can be made, and `unencodable` says why. */
export interface EventMessage {
  readonly routingKey: string | null;
  readonly body: unknown;
  readonly unencodable: string | null;
}

/** The message of a delivery. @param portal undefined where it is not registered any more */
export function messageOf(record: DeliveryRecord, portal: Portal | undefined): EventMessage {
  if (portal === undefined)
    return { routingKey: null, body: null, unencodable: 'its portal is not registered' };
  try {
    const { routingKey, body } = encodeEvent(
      {
        memberId: record.member_id,
        portal: portal.name,
        source: siteOf(portal.clientEndpoint),
        processId: record.process_id,
        messageId: record.message_id,
        rowId: record.row_id,
        changedAt: record.changed_at,
        event: record.event,
        data: parseJson(record.payload),
        userId: record.user_id,
        attempt: attemptSeen(record),
        origin: record.origin,
        routingKey: record.routing_key,
      },
      '',
    );
    return { routingKey, body: parseJson(body.toString()), unencodable: null };
  } catch (error) {
    if (!(error instanceof UnencodableEvent)) throw error;
    return { routingKey: null, body: null, unencodable: error.reason };
  }
}
