import { pageLimits } from '../../bitrix24/answer-limits.js';
import { AuthorizationServers } from '../../bitrix24/authorization-servers.js';
import { OAuthClient } from '../../bitrix24/oauth-client.js';
import { PortalClient } from '../../bitrix24/portal-client.js';
import { RateBudget } from '../../bitrix24/rate-budget.js';
import { TokenRefresher } from '../../bitrix24/token-refresher.js';
import { OutboundHttp, OutboundRoutes } from '../../bitrix24/outbound-routes.js';
import { type Settings } from '../../config/settings.js';
import { AllowedPortals } from '../../portals/allowed-portals.js';
import { type PortalRegistry } from '../../portals/registry.js';
import { CommandFailed } from './command-result.js';

/** How long a command waits for an answer of a portal or an authorization server. */
const ANSWER_MS = 30_000;

/** What commands call others with. Loaded by those that do: it brings the whole HTTP client along. */
export class Outbound {
  private readonly http: OutboundHttp;
  readonly servers: AuthorizationServers;
  /** Of the configured authorization servers. */
  readonly oauth: OAuthClient;
  private readonly allowed: AllowedPortals;

  constructor(private readonly settings: Settings) {
    this.allowed = new AllowedPortals(settings.B24_ALLOWED_PORTALS);
    this.http = new OutboundHttp(new OutboundRoutes(settings));
    this.servers = new AuthorizationServers(settings.B24_OAUTH_URL, settings.B24_ALLOW_HTTP);
    this.oauth = new OAuthClient({
      servers: this.servers,
      clientId: settings.B24_CLIENT_ID,
      clientSecret: settings.B24_CLIENT_SECRET,
      http: this.http,
      allowHttp: settings.B24_ALLOW_HTTP,
      timeoutMs: ANSWER_MS,
    });
  }

  /**
   * A client of a portal with a rate budget of its own, beside the service's. The service may change what is stored
   * meanwhile: tokens are read from the database right before they are used or renewed.
   */
  clientFor(memberId: string, registry: PortalRegistry): PortalClient {
    const { settings, http } = this;
    const store = {
      load: async () => {
        const portal = await registry.current(memberId);
        if (portal === undefined) throw new CommandFailed('the portal was removed meanwhile');
        return portal;
      },
      save: async (...saved: Parameters<PortalRegistry['saveTokens']>) => {
        await registry.saveTokens(...saved);
      },
      assertAllowed: (clientEndpoint: string) => this.allowed.assert(memberId, clientEndpoint),
    };
    return new PortalClient({
      tokens: new TokenRefresher(memberId, store, this.oauth),
      budget: new RateBudget({ perSecond: settings.B24_RATE_PER_SECOND, burst: settings.B24_RATE_BURST }),
      http,
      answers: pageLimits(settings, settings.DRAIN_LIMIT),
      timeoutMs: ANSWER_MS,
      authConnector: settings.B24_AUTH_CONNECTOR,
      allowHttp: settings.B24_ALLOW_HTTP,
    });
  }
}
