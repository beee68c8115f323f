import { type OutboundHttp } from '../bitrix24/outbound-routes.js';
import { type Settings } from '../config/settings.js';
import { readApiTokens } from '../config/api-tokens.js';
import { type Offers } from '../portals/offers.js';
import { type PortalRegistry } from '../portals/registry.js';
import { splitKeys } from '../portals/token-vault.js';

/** What no log line may carry. */
export class Secrets {
  constructor(
    private readonly settings: Settings,
    private readonly http: OutboundHttp,
    private readonly registry: Pick<PortalRegistry, 'secretsIn'>,
    private readonly offers: Offers,
  ) {}

  /** Those of the settings and of the portals that are known by now, as far as the text may hold them. */
  foundIn(text: string): string[] {
    const { B24_CLIENT_SECRET, B24_REFRESH_TOKEN, TOKEN_ENCRYPTION_KEY, DASHBOARD_PASSWORD } = this.settings;
    return [
      B24_CLIENT_SECRET,
      B24_REFRESH_TOKEN,
      DASHBOARD_PASSWORD,
      ...splitKeys(TOKEN_ENCRYPTION_KEY),
      ...readApiTokens(this.settings.API_TOKEN).map(({ secret }) => secret),
      ...this.http.routes.secrets(),
      ...this.registry.secretsIn(text),
      ...this.offers.secrets(),
    ].filter((secret): secret is string => typeof secret === 'string' && secret !== '');
  }
}
