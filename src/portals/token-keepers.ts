import { type OAuthClient } from '../bitrix24/oauth-client.js';
import { TokenKeeper, type TokenStore } from '../bitrix24/token-keeper.js';
import { type PortalRegistry } from './registry.js';

/**
 * Who renews which portal's tokens: one keeper a portal, so that whoever wants them renewed shares one refresh.
 * Tokens come from the database itself, where another process may have renewed them.
 */
export class TokenKeepers {
  private readonly keepers = new Map<string, TokenKeeper>();

  constructor(
    private readonly registry: Pick<PortalRegistry, 'current' | 'saveTokens'>,
    private readonly oauth: Pick<OAuthClient, 'refresh'>,
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
        const { accessToken, refreshToken, clientEndpoint } = portal;
        exchanged = refreshToken;
        return { accessToken, refreshToken, clientEndpoint };
      },
      save: async (grant) => {
        await this.registry.saveTokens(grant, exchanged);
      },
    };
  }
}
