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
import { checkedAddress } from './send-request.js';

/** What the authorization server granted for one portal. */
export interface TokenGrant {
  accessToken: string;
  /** Replaces the one that was used, which may be void from now on. */
  refreshToken: string;
  /** Unix milliseconds by our clock. */
  expiresAt: number;
  /** The portal's REST root, with a slash at its end. */
  clientEndpoint: string;
  /** Host of the authorization server that the portal belongs to: one of the configured ones. */
  authorizationServer: string;
  /** Identifies the portal, whatever its address. */
  memberId: string;
  scope: string;
  userId: string | null;
  /** The installation's status as the server abbreviates it: `L` local, `F` free, `T` trial, … */
  status: string;
}

/** A member id is a part of event ids and correlation ids, so it holds none of their separators. */
const MEMBER_ID = /^[A-Za-z0-9_]{8,64}$/;

/**
 * Reads a token answer, all but the server that it names.
 * @throws {UnreadableAnswer}
 */
export function parseTokenGrant(
  name: string,
  body: Record<string, unknown>,
  allowHttp: boolean,
): Omit<TokenGrant, 'authorizationServer'> {
  const unreadable = (field: string, why: string) => new UnreadableAnswer(name, `${field}: ${why}`, 200);
  const text = (field: string): string => {
    const value = body[field];
    if (typeof value !== 'string' || value === '') throw unreadable(field, 'no text');
    return value;
  };
  const lifetime = wholeNumber(body['expires_in']);
  const expires = wholeNumber(body['expires']);
  // The lifetime comes first: it does not depend on two clocks being equal.
  const expiresAt =
    lifetime !== null ? Date.now() + lifetime * 1000 : expires !== null ? expires * 1000 : null;
  if (expiresAt === null) throw unreadable('expires_in', 'no number');
  const memberId = text('member_id');
  if (!MEMBER_ID.test(memberId)) throw unreadable('member_id', 'not of its form');
  let clientEndpoint: string;
  try {
    clientEndpoint = checkedAddress(text('client_endpoint'), allowHttp);
  } catch (error) {
    if (error instanceof TypeError) throw unreadable('client_endpoint', error.message);
    throw error;
  }
  return {
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    expiresAt,
    clientEndpoint,
    memberId,
    scope: textOf(body['scope']),
    userId: textOf(body['user_id']) || null,
    status: textOf(body['status']),
  };
}

/** What a refused token request means. */
export function tokenRefusal(name: string, status: number, code: string, description: string): PortalError {
  const details: ErrorDetails = { method: name, code: code === '' ? 'NO_CODE' : code, status, description };
  switch (code.toLowerCase()) {
    case 'invalid_grant':
    case 'bad_verification_code':
      return new PortalUnauthorized(details);
    case 'payment_required':
    case 'portal_deleted':
      return new PortalSuspended(details);
    case 'query_limit_exceeded':
      return new PortalThrottled(details, null);
    default:
      if (status === 429) return new PortalThrottled(details, null);
      if (status >= 500) return new PortalFailed(details);
      // Here belong wrong_client, invalid_client, invalid_request, invalid_scope.
      if (status >= 400 || code !== '') return new PortalMisconfigured(details);
      return new OutcomeUnknown(details);
  }
}

/**
 * Whether a server has said for certain that the token, the code or the application is not one of its own. A portal
 * that has not paid is known to it.
 */
export function disowns(error: PortalError): boolean {
  return error.executed === 'no' && (error.action === 'unauthorized' || error.action === 'configuration');
}
