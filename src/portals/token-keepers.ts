import { type OAuthClient } from '../bitrix24/oauth-client.js';
import { TokenKeeper, type TokenStore } from '../bitrix24/token-keeper.js';
import { type AllowedPortals } from './allowed-portals.js';
import { type PortalRegistry } from './registry.js';

/**
 * The keepers of portals' tokens: one a portal, so that all requests that want them renewed share one refresh.
 * Tokens come from the database itself, where another process may have renewed them.
 */
export class TokenKeepers {
  private readonly keepers = new Map<string, TokenKeeper>();

  constructor(
    private readonly registry: Pick<PortalRegistry, 'current' | 'saveTokens'>,
    private readonly oauth: Pick<OAuthClient, 'refresh'>,
    private readonly allowed: Pick<AllowedPortals, 'assert'>,
  ) {}

  /** A keeper that knows nothing of the tokens before; the portal's earlier one is no longer asked. */
  open(memberId: string): TokenKeeper {
    const keeper = new TokenKeeper(memberId, this.storeOf(memberId), this.oauth);
    this.keepers.set(memberId, keeper);
    return keeper;
  }

  /**
   * Renews the tokens of a portal, expired or not.
   * @throws {PortalError} as the authorization server's client does, or whatever the database throws
   */
  async renew(memberId: string): Promise<void> {
    const keeper = this.keepers.get(memberId) ?? this.open(memberId);
    await keeper.renew(await keeper.accessToken());
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
