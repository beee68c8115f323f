import { randomBytes } from 'node:crypto';
import { USER_ID } from './callers.js';
import { RestError } from './rest-error.js';

/** A portal as the authorization server knows it. */
export interface TokenOwner {
  readonly name: string;
  readonly memberId: string;
  readonly clientEndpoint: string;
  /** False once the portal's subscription ended: no tokens are given out. */
  readonly paid: boolean;
  /** Counts a successful token request. */
  granted(): void;
}

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Unix seconds at which the access token expires. */
  readonly expires: number;
}

interface TokenAnswer {
  access_token: string;
  refresh_token: string;
  expires: number;
  expires_in: number;
  client_endpoint: string;
  server_endpoint: string;
  member_id: string;
  scope: string;
  status: string;
  user_id: number;
  domain: string;
}

/** Whose token it is: a portal's, for one of its users. */
interface Holder {
  readonly owner: TokenOwner;
  readonly userId: number;
}

interface IssuedToken extends Holder {
  expiresAt: number;
  /** The code under which the portal refuses it, whatever the authorization server would say. */
  refusedAs?: string;
}

const CODE_LIFETIME_MS = 30_000;
const REFRESH_LIFETIME_MS = 180 * 24 * 3600 * 1000;
export const APPLICATION_SCOPE = 'crm';

export interface AuthorityOptions {
  now: () => number;
  clientId: string;
  clientSecret: string;
  accessTokenTtlSeconds: number;
}

/**
 * The authorization server of one application: hands out short-lived access tokens and refresh tokens that
 * work exactly once.
 */
export class Authority {
  private readonly access = new Map<string, IssuedToken>();
  private readonly refresh = new Map<string, IssuedToken>();
  private readonly codes = new Map<string, IssuedToken>();
  /** False: the application is registered at another server, and this one refuses its keys. */
  knowsApplication = true;

  constructor(private readonly options: AuthorityOptions) {}

  get accessTokenTtlSeconds(): number {
    return this.options.accessTokenTtlSeconds;
  }

  issue(owner: TokenOwner, userId = USER_ID): TokenPair {
    const now = this.options.now();
    const accessToken = token();
    const expiresAt = now + this.options.accessTokenTtlSeconds * 1000;
    this.access.set(accessToken, { owner, userId, expiresAt });
    const refreshToken = token();
    this.refresh.set(refreshToken, { owner, userId, expiresAt: now + REFRESH_LIFETIME_MS });
    return { accessToken, refreshToken, expires: Math.floor(expiresAt / 1000) };
  }

  /** A code that lives for thirty seconds and works once. @throws RestError for another application */
  issueCode(owner: TokenOwner, clientId: string): string {
    if (clientId !== this.options.clientId) throw new RestError(401, 'invalid_client', 'Unknown client');
    const code = token();
    this.codes.set(code, { owner, userId: USER_ID, expiresAt: this.options.now() + CODE_LIFETIME_MS });
    return code;
  }

  /**
   * `/oauth/token/`, both grants.
   * @throws RestError invalid_request, wrong_client, invalid_client, invalid_grant, invalid_scope, PAYMENT_REQUIRED
   */
  exchange(query: URLSearchParams): Holder {
    const grantType = query.get('grant_type');
    const store =
      grantType === 'refresh_token' ? this.refresh : grantType === 'authorization_code' ? this.codes : null;
    const secretName = grantType === 'refresh_token' ? 'refresh_token' : 'code';
    const presented = query.get(secretName);
    if (!store || !presented)
      throw new RestError(400, 'invalid_request', 'Invalid grant_type or a parameter');
    const { clientId, clientSecret } = this.options;
    if (!this.knowsApplication) throw new RestError(400, 'wrong_client', 'Client not found');
    if (query.get('client_id') !== clientId || query.get('client_secret') !== clientSecret) {
      throw new RestError(401, 'invalid_client', 'Client credentials were not found');
    }
    const scope = query.get('scope');
    if (scope && scope.split(/[ ,]/).some((word) => word !== APPLICATION_SCOPE)) {
      throw new RestError(400, 'invalid_scope', 'The scope was not granted to the application');
    }
    const grant = store.get(presented);
    if (!grant || grant.expiresAt <= this.options.now()) {
      throw new RestError(400, 'invalid_grant', 'Invalid refresh token or code');
    }
    if (!grant.owner.paid) throw new RestError(403, 'PAYMENT_REQUIRED', 'Subscription has been ended');
    store.delete(presented);
    return { owner: grant.owner, userId: grant.userId };
  }

  /**
   * @returns the user that the token acts for
   * @throws RestError 401 invalid_token, expired_token, or what the portal remembers of this token
   */
  authorize(owner: TokenOwner, accessToken: string): number {
    const grant = this.access.get(accessToken);
    if (!grant || grant.owner !== owner) {
      throw new RestError(401, 'invalid_token', 'Unable to get application by token');
    }
    if (grant.refusedAs !== undefined) {
      throw new RestError(401, grant.refusedAs, 'Remembered of this access token');
    }
    if (grant.expiresAt <= this.options.now()) {
      throw new RestError(401, 'expired_token', 'The access token provided has expired.');
    }
    return grant.userId;
  }

  expireAccessTokens(owner: TokenOwner): void {
    for (const grant of this.access.values()) if (grant.owner === owner) grant.expiresAt = 0;
  }

  /**
   * The portal has remembered an error of its authorization server for the access tokens given out so far, as it does
   * for an hour; new ones are good.
   */
  refuseAccessTokens(owner: TokenOwner, code: string): void {
    for (const grant of this.access.values()) if (grant.owner === owner) grant.refusedAs = code;
  }

  /** Forgets every token of a portal: its access tokens are invalid now, its refresh tokens grant nothing. */
  revoke(owner: TokenOwner): void {
    for (const store of [this.access, this.refresh, this.codes]) {
      for (const [key, grant] of store) if (grant.owner === owner) store.delete(key);
    }
  }
}

/** The body of a successful token request. `domain` is the authorization server's, not the portal's. */
export function tokenAnswer(
  { owner, userId }: Holder,
  pair: TokenPair,
  ttlSeconds: number,
  serverUrl: string,
): TokenAnswer {
  return {
    access_token: pair.accessToken,
    refresh_token: pair.refreshToken,
    expires: pair.expires,
    expires_in: ttlSeconds,
    client_endpoint: owner.clientEndpoint,
    server_endpoint: `${serverUrl}/rest/`,
    member_id: owner.memberId,
    scope: APPLICATION_SCOPE,
    status: 'L',
    user_id: userId,
    domain: new URL(serverUrl).host,
  };
}

const token = (): string => randomBytes(35).toString('hex');
