import { siteOf } from '../bitrix24/portal-address.js';
import { objectPath } from '../contract/object-path.js';
import { parseJson } from '../json/exact-json.js';
import { type DeliveryRecord } from '../ledger/find-deliveries.js';
import { type Portal } from '../portals/portal-record.js';

/**
 * Where people see a delivery's object: on the portal itself, whose address an installation has proven, never where the
 * event's data say. Null where the portal is not registered any more, or has no page of it that we know.
 */
export function objectLink(
  { event, payload }: Pick<DeliveryRecord, 'event' | 'payload'>,
  portal: Pick<Portal, 'clientEndpoint'> | undefined,
): string | null {
  const path = objectPath(event, parseJson(payload));
  return portal === undefined || path === null ? null : `${siteOf(portal.clientEndpoint)}${path}`;
}
