import { createHash, timingSafeEqual } from 'node:crypto';
import { type ApiToken } from '../../config/api-tokens.js';

/** The tokens that open the API. */
export class BearerTokens {
  private readonly known: readonly { readonly token: ApiToken; readonly digest: Buffer }[];

  constructor(tokens: readonly ApiToken[]) {
    this.known = tokens.map((token) => ({ token, digest: digestOf(token.secret) }));
  }

  /**
   * The token of a request's `Authorization: Bearer …`; null where there is none. Takes the same time for each, so
   * that nobody can feel his way to one.
   */
  of(header: string | undefined): ApiToken | null {
    const [, given] = /^Bearer +([^\s]{1,1024})$/i.exec(header ?? '') ?? [];
    if (given === undefined) return null;
    const digest = digestOf(given);
    let found: ApiToken | null = null;
    for (const one of this.known) if (timingSafeEqual(one.digest, digest)) found = one.token;
    return found;
  }
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
