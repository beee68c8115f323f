import { siteOf } from '../bitrix24/portal-address.js';
import { objectPath } from '../contract/object-path.js';
import { parseJson } from '../json/exact-json.js';
import { type DeliveryRecord } from '../ledger/find-deliveries.js';
import { type Portal } from '../portals/portal-record.js';
import { type FoundEvent } from './search/found-event.js';

type Site = Pick<Portal, 'clientEndpoint'> | undefined;

/**
 * Where people see a delivery's object: on the portal itself, whose address an installation has proven, never where the
 * event's data say. Null where the portal is not registered any more, or has no page of it that we know.
 */
export function objectLink(
  { event, payload }: Pick<DeliveryRecord, 'event' | 'payload'>,
  portal: Site,
): string | null {
  return on(portal, objectPath(event, parseJson(payload)));
}

/** The same of an event whose data may be gone. */
export function foundLink(
  { code, subject }: Pick<FoundEvent, 'code' | 'subject'>,
  portal: Site,
): string | null {
  const id = subject?.slice(subject.indexOf('/') + 1);
  return on(portal, objectPath(code, { FIELDS: { ID: id } }));
}

function on(portal: Site, path: string | null): string | null {
  return portal === undefined || path === null ? null : `${siteOf(portal.clientEndpoint)}${path}`;
}
