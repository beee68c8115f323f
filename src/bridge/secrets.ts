import { type OutboundHttp } from '../bitrix24/outbound-routes.js';
import { type Settings } from '../config/settings.js';
import { readApiTokens } from '../config/api-tokens.js';
import { type Offers } from '../portals/offers.js';
import { type PortalRegistry } from '../portals/registry.js';
import { splitKeys } from '../portals/token-vault.js';

/** As portals make them. */
const APPLICATION_TOKEN = /^[A-Za-z0-9]{32,}$/;

/** What no log line may carry. */
export class Secrets {
  constructor(
    private readonly settings: Settings,
    private readonly http: OutboundHttp,
    private readonly registry: Pick<PortalRegistry, 'list' | 'get'>,
    private readonly offers: Offers,
  ) {}

  /** Those of the settings and of the portals that are known by now. */
  read(): string[] {
    const { B24_CLIENT_SECRET, B24_REFRESH_TOKEN, TOKEN_ENCRYPTION_KEY, DASHBOARD_PASSWORD } = this.settings;
    const { registry } = this;
    const tokens = registry.list().flatMap(({ accessToken, refreshToken, applicationToken }) => [
      accessToken,
      refreshToken,
      // A portal's owner can choose this one, and could choose a word that log lines consist of.
      ...(applicationToken !== null &&
      APPLICATION_TOKEN.test(applicationToken) &&
      registry.get(applicationToken) === undefined
        ? [applicationToken]
        : []),
    ]);
    const own = [B24_CLIENT_SECRET, B24_REFRESH_TOKEN, DASHBOARD_PASSWORD];
    return [
      ...own,
      ...splitKeys(TOKEN_ENCRYPTION_KEY),
      ...readApiTokens(this.settings.API_TOKEN).map(({ secret }) => secret),
      ...this.http.routes.secrets(),
      ...tokens,
      ...this.offers.secrets(),
    ].filter((secret): secret is string => typeof secret === 'string' && secret !== '');
  }
}
