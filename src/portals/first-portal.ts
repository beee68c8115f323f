import { type OAuthClient } from '../bitrix24/oauth-client.js';
import { PortalError } from '../bitrix24/errors.js';
import { type Log } from '../log.js';
import { type Portal, type PortalRegistry } from './registry.js';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Runs work while no other process does the same, with the registry as it is then. */
export type Alone = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Installs the portal of `B24_DOMAIN` with `B24_REFRESH_TOKEN`, for applications without a public address. Does
 * nothing where that portal is installed and authorized; keeps trying while the authorization server is out of
 * reach. Resolves with the portal, or null where there is nothing to install or the token is refused.
 *
 * The token is good for one exchange: of several processes with the same settings, one may make it.
 */
export async function installFirstPortal(
  registry: PortalRegistry,
  oauth: Pick<OAuthClient, 'refresh'>,
  settings: { readonly B24_DOMAIN?: string; readonly B24_REFRESH_TOKEN?: string },
  log: Log,
  signal: AbortSignal,
  alone: Alone = (work) => work(),
): Promise<Portal | null> {
  const { B24_DOMAIN: domain, B24_REFRESH_TOKEN: refreshToken } = settings;
  if (domain === undefined || refreshToken === undefined) return null;
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const portal = await alone(async () => {
        const known = registry.byDomain(domain);
        if (known !== undefined && known.state !== 'unauthorized' && known.state !== 'uninstalled')
          return null;
        return registry.install(await oauth.refresh(refreshToken), null);
      });
      if (portal === null) return null;
      log.info({
        event: 'portal.installed',
        portal: portal.name,
        domain: portal.domain,
        by: 'B24_REFRESH_TOKEN',
      });
      if (portal.domain !== domain.toLowerCase()) {
        log.warn({
          event: 'portal.other_domain',
          expected: domain,
          portal: portal.name,
          domain: portal.domain,
        });
      }
      return portal;
    } catch (error) {
      if (signal.aborted) return null;
      const reason = error instanceof Error ? error.message : String(error);
      const final =
        error instanceof PortalError && ['unauthorized', 'configuration', 'bug'].includes(error.action);
      log[final ? 'error' : 'warn']({
        event: 'portal.not_installed',
        domain,
        reason,
        advice: final
          ? 'get a new refresh token for this portal and set B24_REFRESH_TOKEN, or install the application again'
          : `trying again in ${pauseMs} ms`,
      });
      if (final) return null;
      await pause(pauseMs, signal);
    }
  }
  return null;
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
