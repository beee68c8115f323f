import { type PortalError, PortalMisconfigured, PortalSuspended } from './errors.js';
import { domainOf, shown } from './portal-address.js';

/** Code of the error for a redirect that says nothing of the portal's licence. */
export const REDIRECTED = 'REDIRECTED';
/** Where a self-hosted portal sends every request once its licence has expired. */
const LICENCE_PAGE = /\/bitrix\/coupon_activation\.php$/;

/**
 * What a redirect says. It is not followed: tokens go only where the authorization server says a portal is. A query
 * is not repeated, since it may hold what was sent.
 * @param location as the server gave it, maybe without scheme and host
 */
export function redirectError(
  method: string,
  status: number,
  requested: string,
  location: string | null,
): PortalError {
  const target = location !== null && URL.canParse(location, requested) ? new URL(location, requested) : null;
  const where = target === null ? 'nowhere' : placeOf(target);
  if (target !== null && LICENCE_PAGE.test(target.pathname)) {
    const description = `the licence of the self-hosted portal has expired: it redirects everything to ${where}`;
    return new PortalSuspended({ method, code: 'LICENSE_EXPIRED', status, description, executed: 'unknown' });
  }
  const advice =
    target !== null && wantsHttps(new URL(requested), target)
      ? ': it wants https; use https:// in its address'
      : '';
  return new PortalMisconfigured({
    method,
    code: REDIRECTED,
    status,
    description: `redirected to ${where}, which is not followed${advice}`,
    executed: 'unknown',
  });
}

function placeOf({ protocol, pathname, href, host }: URL): string {
  // Without a host there is nowhere to go; the rest may be anything.
  return host === '' ? `a ${protocol} address` : `${protocol}//${shown(domainOf(href))}${pathname}`;
}

function wantsHttps(requested: URL, target: URL): boolean {
  return (
    requested.protocol === 'http:' && target.protocol === 'https:' && requested.hostname === target.hostname
  );
}
