import { type HttpService } from '@nestjs/axios';
import {
  OutcomeUnknown,
  PortalFailed,
  PortalMisconfigured,
  PortalSuspended,
  PortalThrottled,
  PortalUnauthorized,
  UnreadableAnswer,
  type ErrorDetails,
  type PortalError,
} from './errors.js';
import { textOf, wholeNumber } from './json-values.js';
import { checkedAddress, sendRequest, withoutSecrets } from './request.js';

/** What the authorization server granted for one portal. */
export interface Grant {
  accessToken: string;
  /** Replaces the one that was used, which may be void from now on. */
  refreshToken: string;
  /** Unix milliseconds by our clock. */
  expiresAt: number;
  /** The portal's REST root, with a slash at its end. */
  clientEndpoint: string;
  /** The authorization server's REST root; null where it was left out. */
  serverEndpoint: string | null;
  /** Identifies the portal, whatever its address. */
  memberId: string;
  scope: string;
  userId: string | null;
  /** The installation's status as the server abbreviates it: `L` local, `F` free, `T` trial, … */
  status: string;
}

export interface OAuthClientOptions {
  /** The authorization server, the only one that is ever sent the secret. */
  url: string;
  clientId: string;
  clientSecret: string;
  http: HttpService;
  /** Permits `http://`, for this server and for the portals that it names. */
  allowHttp?: boolean;
  timeoutMs?: number;
}

const NAME = 'oauth/token';
const MAX_ANSWER_BYTES = 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 30_000;
/** A member id is a part of event ids and correlation ids, so it holds none of their separators. */
const MEMBER_ID = /^[A-Za-z0-9_]{8,64}$/;

/**
 * The application's side of OAuth. Every call throws a PortalError: `unauthorized` for a token or code that the
 * server no longer takes, `configuration` for our own keys, `suspend` for an unpaid application.
 */
export class OAuthClient {
  private readonly url: string;

  /** @throws {TypeError} for an address that the secret must not be sent to */
  constructor(private readonly options: OAuthClientOptions) {
    this.url = checkedAddress(options.url, options.allowHttp === true);
  }

  /** Exchanges a refresh token for a new pair. Where the outcome is unknown, the old one may be void. */
  refresh(refreshToken: string): Promise<Grant> {
    return this.grant('refresh_token', refreshToken);
  }

  /** Exchanges the code of an installation, which lives for 30 seconds. */
  exchangeCode(code: string): Promise<Grant> {
    return this.grant('authorization_code', code);
  }

  private async grant(type: 'refresh_token' | 'authorization_code', secret: string): Promise<Grant> {
    const { clientId, clientSecret, http, timeoutMs } = this.options;
    const query = new URLSearchParams({
      grant_type: type,
      client_id: clientId,
      client_secret: clientSecret,
      [type === 'refresh_token' ? 'refresh_token' : 'code']: secret,
    });
    const { status, body } = await sendRequest(http, {
      name: NAME,
      verb: 'GET',
      url: `${this.url}oauth/token/?${query.toString()}`,
      timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
      connection: 'fresh',
      maxAnswerBytes: MAX_ANSWER_BYTES,
    });
    if (status !== 200 || 'error' in body) {
      const description = withoutSecrets(textOf(body['error_description']), [clientSecret, secret]);
      throw refusal(status, withoutSecrets(textOf(body['error']), [clientSecret, secret]), description);
    }
    return this.parseGrant(body);
  }

  private parseGrant(body: Record<string, unknown>): Grant {
    const lifetime = wholeNumber(body['expires_in']);
    const expires = wholeNumber(body['expires']);
    // The lifetime comes first: it does not depend on two clocks being equal.
    const expiresAt =
      lifetime !== null ? Date.now() + lifetime * 1000 : expires !== null ? expires * 1000 : null;
    if (expiresAt === null) throw unreadable('expires_in', 'no number');
    const memberId = text(body, 'member_id');
    if (!MEMBER_ID.test(memberId)) throw unreadable('member_id', 'not of its form');
    return {
      accessToken: text(body, 'access_token'),
      refreshToken: text(body, 'refresh_token'),
      expiresAt,
      clientEndpoint: this.address(body, 'client_endpoint'),
      serverEndpoint: textOf(body['server_endpoint']) === '' ? null : this.address(body, 'server_endpoint'),
      memberId,
      scope: textOf(body['scope']),
      userId: textOf(body['user_id']) || null,
      status: textOf(body['status']),
    };
  }

  private address(body: Record<string, unknown>, field: string): string {
    try {
      return checkedAddress(text(body, field), this.options.allowHttp === true);
    } catch (error) {
      if (error instanceof TypeError) throw unreadable(field, error.message);
      throw error;
    }
  }
}

function refusal(status: number, code: string, description: string): PortalError {
  const details: ErrorDetails = { method: NAME, code: code === '' ? 'NO_CODE' : code, status, description };
  switch (code.toLowerCase()) {
    case 'invalid_grant':
      return new PortalUnauthorized(details);
    case 'payment_required':
    case 'portal_deleted':
      return new PortalSuspended(details);
    case 'query_limit_exceeded':
      return new PortalThrottled(details, null);
    default:
      if (status === 429) return new PortalThrottled(details, null);
      if (status >= 500) return new PortalFailed(details);
      // Here belong invalid_client, invalid_request, invalid_scope.
      if (status >= 400 || code !== '') return new PortalMisconfigured(details);
      return new OutcomeUnknown(details);
  }
}

function text(body: Record<string, unknown>, field: string): string {
  const value = body[field];
  if (typeof value !== 'string' || value === '') throw unreadable(field, 'no text');
  return value;
}

function unreadable(field: string, why: string): UnreadableAnswer {
  return new UnreadableAnswer(NAME, `${field}: ${why}`, 200);
}
