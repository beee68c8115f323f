import { type IncomingMessage } from 'node:http';
import { type Actor } from '../../audit/actor.js';
import { type ApiToken } from '../../config/api-tokens.js';
import { senderOf, trustOf } from '../../http/sender.js';

/** What the API needs of Express' request. */
export interface ApiRequest extends IncomingMessage {
  readonly originalUrl: string;
  readonly app: { get(name: string): unknown };
  readonly route?: { readonly path?: unknown };
  body?: unknown;
  /** Set at the entry. */
  token?: ApiToken;
}

/** The token that the entry has found. */
export function tokenOf({ token }: ApiRequest): ApiToken {
  if (token === undefined) throw new Error('the request has not come by the entry');
  return token;
}

/** Who asks. */
export function actorOf(request: ApiRequest): Actor {
  return {
    kind: 'api',
    name: tokenOf(request).name,
    address: senderOf(request, trustOf(request)).exactAddress,
  };
}
