import { type OAuthClient } from '../bitrix24/oauth-client.js';
import { TokenRefresher, type TokenStore } from '../bitrix24/token-refresher.js';
import { type AllowedPortals } from './allowed-portals.js';
import { type PortalRegistry } from './registry.js';

/**
 * The refreshers of portals' tokens: one a portal, so that all requests that want them renewed share one refresh.
 * Tokens come from the database itself, where another process may have renewed them.
 */
export class RefreshersByPortal {
  private readonly refreshers = new Map<string, TokenRefresher>();

  constructor(
    private readonly registry: Pick<PortalRegistry, 'current' | 'saveTokens'>,
    private readonly oauth: Pick<OAuthClient, 'refresh'>,
    private readonly allowed: Pick<AllowedPortals, 'assert'>,
  ) {}

  /** A refresher that knows nothing of the tokens before; the portal's earlier one is no longer asked. */
  open(memberId: string): TokenRefresher {
    const refresher = new TokenRefresher(memberId, this.storeOf(memberId), this.oauth);
    this.refreshers.set(memberId, refresher);
    return refresher;
  }

  /**
   * Renews the tokens of a portal, expired or not.
   * @throws {PortalError} as the authorization server's client does, or whatever the database throws
   */
  async renew(memberId: string): Promise<void> {
    const refresher = this.refreshers.get(memberId) ?? this.open(memberId);
    await refresher.renew(await refresher.accessToken());
  }

  private storeOf(memberId: string): TokenStore {
    let exchanged: string | undefined;
    return {
      load: async () => {
        const portal = await this.registry.current(memberId);
        if (portal === undefined) throw new Error(`portal ${memberId} is not installed`);
        const { accessToken, refreshToken, clientEndpoint, authorizationServer } = portal;
        exchanged = refreshToken;
        return { accessToken, refreshToken, clientEndpoint, authorizationServer };
      },
      save: async (grant) => {
        await this.registry.saveTokens(grant, exchanged);
      },
      assertAllowed: (clientEndpoint) => this.allowed.assert(memberId, clientEndpoint),
    };
  }
}
