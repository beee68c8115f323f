import { shownAddress } from '../bitrix24/portal-address.js';
import { type Log } from '../logging/log.js';
import { type Installed } from './portal-install.js';

/** Logs which portals an installation renamed, or could not name as wished; nothing where neither happened. */
export function tellOfNames({ portal, displaced, formerlyCalled, missedName }: Installed, log: Log): void {
  const domain = shownAddress(portal.clientEndpoint);
  if (formerlyCalled !== null) {
    log.warn({
      event: 'portal.renamed',
      portal: portal.name,
      memberId: portal.memberId,
      former: formerlyCalled,
      advice: `its events have routing keys ${portal.name}.# from now on`,
    });
  }
  if (displaced !== null) {
    log.warn({
      event: 'portal.replaced',
      portal: portal.name,
      memberId: portal.memberId,
      domain,
      former: displaced.name,
      formerMemberId: displaced.memberId,
      advice: `${portal.name} is this portal from now on; what is left of the former one comes as ${displaced.name}`,
    });
  }
  if (missedName !== null) {
    log.warn({
      event: 'portal.name_taken',
      portal: portal.name,
      memberId: portal.memberId,
      domain,
      name: missedName,
      advice: `the name ${missedName} is another portal's, or kept for one by PORTAL_NAMES: bind consumers to ${portal.name}, or change names by npx bitrix24-bridge portals rename`,
    });
  }
}
