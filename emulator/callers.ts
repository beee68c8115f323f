import { phpGet, type PhpArray } from './php.js';

/** The user on whose behalf every token and webhook of an emulated portal acts: the one who installed them. */
export const USER_ID = 1;

/** Who makes a request, as the portal sees it. */
export interface Caller {
  /** The application's client id; null for a webhook. */
  readonly clientId: string | null;
  readonly userId: number;
  /** The source key, `''` when there is none. A webhook has none, whatever it sends. */
  readonly connector: string;
}

/** A webhook's user and secret, as they stand in its address. */
export interface WebhookKey {
  readonly userId: string;
  readonly secret: string;
}

/**
 * The access token of a request: of the header `Authorization: Bearer …`, which beats the parameters `auth` and
 * `access_token`. A parameter that is no text counts as absent.
 * @returns `''` where there is none
 */
export function accessTokenOf(params: PhpArray, authorization: string | null): string {
  const bearer = /^Bearer\s+/i.exec(authorization ?? '');
  if (bearer) return (authorization ?? '').slice(bearer[0].length);
  for (const name of ['auth', 'access_token']) {
    const value = phpGet(params, name);
    if (typeof value === 'string') return value;
  }
  return '';
}
