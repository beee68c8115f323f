import { type OAuthClient } from '../bitrix24/oauth-client.js';
import { PortalError } from '../bitrix24/errors.js';
import { isAt, readAddress, shown } from '../bitrix24/portal-address.js';
import { type Log } from '../logging/log.js';
import { AllowedPortals, notAllowed } from './allowed-portals.js';
import { isAlive } from './find-portal.js';
import { tellOfNames } from './naming-news.js';
import { type Installed } from './portal-install.js';
import { type PortalRegistry } from './registry.js';
import { reasonOf } from '../logging/reason.js';

/** The settings contradict each other about a portal. */
class NotToBeInstalled extends Error {}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Runs work while no other process does the same, with the registry as it is then. */
type Alone = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Installs the portal of `B24_DOMAIN` with `B24_REFRESH_TOKEN`, for applications without a public address. Does
 * nothing where that portal is installed and authorized; keeps trying while the authorization server is out of
 * reach. Resolves with the installation, or null where there is nothing to install, the token is refused, or the portal
 * is not among B24_ALLOWED_PORTALS.
 *
 * The token is good for one exchange: of several processes with the same settings, one may make it.
 */
export async function installFirstPortal(
  registry: PortalRegistry,
  oauth: Pick<OAuthClient, 'refresh'>,
  settings: {
    readonly B24_DOMAIN?: string;
    readonly B24_REFRESH_TOKEN?: string;
    readonly B24_ALLOWED_PORTALS: readonly string[];
  },
  log: Log,
  signal: AbortSignal,
  alone: Alone = (work) => work(),
): Promise<Installed | null> {
  const { B24_DOMAIN: domain, B24_REFRESH_TOKEN: refreshToken } = settings;
  if (domain === undefined || refreshToken === undefined) return null;
  const allowed = new AllowedPortals(settings.B24_ALLOWED_PORTALS);
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const installed = await alone(async () => {
        const known = registry.at(domain);
        if (known !== undefined && (isAlive(known) || known.state === 'not_allowed')) return null;
        // The token is not spent on a portal that cannot be meant.
        if (allowed.rulesOut(domain))
          throw new NotToBeInstalled(`${shown(domain)} is not among B24_ALLOWED_PORTALS`);
        const grant = await oauth.refresh(refreshToken, { domain });
        if (!allowed.allows(grant.memberId, grant.clientEndpoint))
          throw new NotToBeInstalled(notAllowed(grant.memberId, grant.clientEndpoint));
        return registry.install(grant, null);
      });
      if (installed === null) return null;
      const { portal } = installed;
      log.info({
        event: 'portal.installed',
        portal: portal.name,
        domain: shown(portal.domain),
        by: 'B24_REFRESH_TOKEN',
        server: portal.authorizationServer,
      });
      const given = readAddress(domain);
      if (given === null || !isAt(given, portal.clientEndpoint)) {
        log.warn({
          event: 'portal.other_domain',
          expected: shown(domain),
          portal: portal.name,
          domain: shown(portal.domain),
        });
      }
      tellOfNames(installed, log);
      return installed;
    } catch (error) {
      if (signal.aborted) return null;
      const reason = reasonOf(error);
      const final =
        error instanceof NotToBeInstalled ||
        (error instanceof PortalError && ['unauthorized', 'configuration', 'bug'].includes(error.action));
      log[final ? 'error' : 'warn']({
        event: 'portal.not_installed',
        domain: shown(domain),
        reason,
        advice: final ? adviceFor(error) : `trying again in ${pauseMs} ms`,
      });
      if (final) return null;
      await pause(pauseMs, signal);
    }
  }
  return null;
}

function adviceFor(error: PortalError | NotToBeInstalled): string {
  if (error instanceof NotToBeInstalled) {
    return 'name the portal in B24_ALLOWED_PORTALS and restart, or unset B24_DOMAIN and B24_REFRESH_TOKEN; a token that is refused then was spent on this attempt: get a new one';
  }
  return error.action === 'unauthorized'
    ? 'get a new refresh token for this portal and set B24_REFRESH_TOKEN, or install the application again'
    : 'check B24_CLIENT_ID, B24_CLIENT_SECRET and B24_OAUTH_URL; a restart tries again';
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
