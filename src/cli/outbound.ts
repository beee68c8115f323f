import { HttpService } from '@nestjs/axios';
import { OAuthClient } from '../bitrix24/oauth-client.js';
import { PortalClient } from '../bitrix24/portal-client.js';
import { RateBudget } from '../bitrix24/rate-budget.js';
import { TokenKeeper } from '../bitrix24/token-keeper.js';
import { type Settings } from '../config.js';
import { type PortalRegistry } from '../portals/registry.js';
import { CommandFailed } from './command-result.js';

/** How long a command waits for an answer of a portal or an authorization server. */
const ANSWER_MS = 30_000;

/** What commands call others with. Loaded by those that do: it brings the whole HTTP client along. */
export class Outbound {
  private readonly http = new HttpService();
  /** Of the configured authorization server. */
  readonly oauth: OAuthClient;

  constructor(private readonly settings: Settings) {
    this.oauth = new OAuthClient({
      url: settings.B24_OAUTH_URL,
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
    };
    return new PortalClient({
      tokens: new TokenKeeper(memberId, store, this.oauth),
      budget: new RateBudget({ perSecond: settings.B24_RATE_PER_SECOND, burst: settings.B24_RATE_BURST }),
      http,
      timeoutMs: ANSWER_MS,
      authConnector: settings.B24_AUTH_CONNECTOR,
      allowHttp: settings.B24_ALLOW_HTTP,
    });
  }
}
