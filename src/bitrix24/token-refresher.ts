import { setTimeout as pause } from 'node:timers/promises';
import { PortalError, PortalMisconfigured } from './errors.js';
import { type Belonging } from './authorization-servers.js';
import { type TokenGrant, type OAuthClient } from './oauth-client.js';
import { type TokenSource } from './token-source.js';

export interface StoredTokens {
  accessToken: string;
  refreshToken: string;
  /** The portal's REST root. */
  clientEndpoint: string;
  /** Host of the authorization server that the portal belongs to; null where nothing has told yet. */
  authorizationServer?: string | null;
}

/** Where a portal's tokens are kept. */
export interface TokenStore {
  load(): Promise<StoredTokens>;

  /** Resolves when the grant is stored durably. */
  save(grant: TokenGrant): Promise<void>;

  /**
   * Asked before a portal at that REST root is sent anything, and before its tokens are renewed.
   * @throws {PortalNotAllowed} where the settings keep us from it
   */
  assertAllowed?(clientEndpoint: string): void;
}

/** Another process stores a new pair a moment after it was granted. */
const PATIENCE_MS = 3000;
const LOOK_EVERY_MS = 100;

/**
 * One portal's tokens, renewed one refresh at a time. A new pair is stored before it is used: a refresh voids the
 * old one, so a pair that only memory knew would be lost with the process, and the portal with it.
 */
export class TokenRefresher implements TokenSource {
  private current: StoredTokens | null = null;
  private renewing: Promise<StoredTokens> | null = null;
  /** A granted pair that could not be stored yet: it is kept, because the server will not grant it again. */
  private unsaved: TokenGrant | null = null;

  constructor(
    readonly memberId: string,
    private readonly store: TokenStore,
    private readonly oauth: Pick<OAuthClient, 'refresh'>,
    /** How long to wait, after a refusal, for a pair that another process may be storing; milliseconds. */
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  endpoint(): string {
    if (this.current === null) throw new Error(`The tokens of portal ${this.memberId} are not loaded yet`);
    this.store.assertAllowed?.(this.current.clientEndpoint);
    return this.current.clientEndpoint;
  }

  async accessToken(): Promise<string> {
    this.current ??= await this.store.load();
    return this.current.accessToken;
  }

  /**
   * A refresh whose answer was lost is tried once more with the old refresh token: the server may not have voided
   * it. When that says `invalid_grant`, nothing but a new installation brings the portal back.
   *
   * @throws {PortalError} as the authorization server's client does, or whatever the store throws
   */
  async renew(usedAccessToken: string): Promise<string> {
    if (this.renewing === null && this.current !== null && this.current.accessToken !== usedAccessToken) {
      return this.current.accessToken;
    }
    this.renewing ??= this.replace(usedAccessToken).finally(() => {
      this.renewing = null;
    });
    return (await this.renewing).accessToken;
  }

  private async replace(usedAccessToken: string): Promise<StoredTokens> {
    if (this.unsaved !== null) return this.keep(this.unsaved);
    const stored = await this.store.load();
    // Another process renewed them while this one was not in charge.
    if (stored.accessToken !== usedAccessToken) return (this.current = stored);
    this.store.assertAllowed?.(stored.clientEndpoint);
    try {
      return await this.keep(await this.refreshTwice(stored));
    } catch (error) {
      if (!(error instanceof PortalError) || error.action !== 'unauthorized') throw error;
      // Refused because another process was quicker: the pair that it stores is the valid one.
      const theirs = await this.storedByOthers(stored.refreshToken);
      if (theirs === null) throw error;
      return (this.current = theirs);
    }
  }

  private async storedByOthers(refreshToken: string): Promise<StoredTokens | null> {
    const until = performance.now() + this.patienceMs;
    for (;;) {
      const now = await this.store.load();
      if (now.refreshToken !== refreshToken) return now;
      if (performance.now() >= until) return null;
      await pause(LOOK_EVERY_MS);
    }
  }

  private async refreshTwice(stored: StoredTokens): Promise<TokenGrant> {
    const { refreshToken, clientEndpoint, authorizationServer: told = null } = stored;
    const of: Belonging = { told, granted: true, domain: new URL(clientEndpoint).host };
    try {
      return await this.oauth.refresh(refreshToken, of);
    } catch (error) {
      if (!(error instanceof PortalError) || error.executed === 'no') throw error;
      return await this.oauth.refresh(refreshToken, of);
    }
  }

  private async keep(grant: TokenGrant): Promise<StoredTokens> {
    if (grant.memberId !== this.memberId) {
      throw new PortalMisconfigured({
        method: 'oauth/token',
        code: 'WRONG_PORTAL',
        description: `the tokens of portal ${this.memberId} were renewed for portal ${grant.memberId}`,
      });
    }
    this.unsaved = grant;
    await this.store.save(grant);
    this.unsaved = null;
    this.current = {
      accessToken: grant.accessToken,
      refreshToken: grant.refreshToken,
      clientEndpoint: grant.clientEndpoint,
      authorizationServer: grant.authorizationServer,
    };
    return this.current;
  }
}
