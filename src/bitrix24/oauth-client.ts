import { type HttpService } from '@nestjs/axios';
import { TOKEN_ANSWER } from './answer-limits.js';
import { type AuthorizationServers, type Belonging } from './authorization-servers.js';
import { PortalError, PortalMisconfigured, PortalUnauthorized } from './errors.js';
import { disowns, type TokenGrant, parseTokenGrant, tokenRefusal } from './token-grant.js';
import { textOf } from './json-values.js';
import { sendRequest, withoutSecrets } from './send-request.js';

export { type TokenGrant } from './token-grant.js';

interface OAuthClientOptions {
  /** The only ones that are ever sent the secret. */
  servers: AuthorizationServers;
  clientId: string;
  clientSecret: string;
  http: HttpService;
  /** Permits `http://` for the portals that the servers name. */
  allowHttp?: boolean;
  timeoutMs?: number;
}

type GrantType = 'refresh_token' | 'authorization_code';

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * The application's side of OAuth. A portal belongs to one of several authorization servers; where nothing has told
 * which one, the likeliest is asked first, and the next one only after a definite refusal: where an answer is missing,
 * the token may have been spent. What the one that was told refuses stands, unless another one grants it.
 *
 * Every call throws a PortalError: `unauthorized` for a token or code that no server takes, `configuration` for our own
 * keys, `suspend` for an unpaid application. Its text names the servers.
 */
export class OAuthClient {
  constructor(private readonly options: OAuthClientOptions) {}

  /** Exchanges a refresh token for a new pair. Where the outcome is unknown, the old one may be void. */
  refresh(refreshToken: string, of: Belonging = {}): Promise<TokenGrant> {
    return this.grant('refresh_token', refreshToken, of);
  }

  /** Exchanges the code of an installation, which lives for 30 seconds. */
  exchangeCode(code: string, of: Belonging = {}): Promise<TokenGrant> {
    return this.grant('authorization_code', code, of);
  }

  private async grant(type: GrantType, secret: string, of: Belonging): Promise<TokenGrant> {
    const { servers } = this.options;
    const told = servers.named(of.told);
    const refusals: PortalError[] = [];
    for (const host of servers.candidates(of)) {
      try {
        return await this.ask(host, type, secret);
      } catch (error) {
        if (!(error instanceof PortalError)) throw error;
        // Where the one that was told does not take our keys, no other one can say what becomes of the token.
        const definite = host === told ? error.action === 'unauthorized' : disowns(error);
        const toldRefused = told !== null && refusals.length > 0;
        if (!definite && !toldRefused) throw error;
        refusals.push(error);
        if (!definite) break;
      }
    }
    throw summary(refusals);
  }

  private async ask(host: string, type: GrantType, secret: string): Promise<TokenGrant> {
    const { servers, clientId, clientSecret, http, timeoutMs, allowHttp = false } = this.options;
    const name = `oauth/token at ${host}`;
    const form = new URLSearchParams({
      grant_type: type,
      client_id: clientId,
      client_secret: clientSecret,
      [type === 'refresh_token' ? 'refresh_token' : 'code']: secret,
    });
    const { status, body } = await sendRequest(http, {
      name,
      verb: 'POST',
      url: `${servers.addressOf(host)}oauth/token/`,
      // Posted, so that no secret stands in an address, where access logs and proxies would keep it.
      body: form.toString(),
      contentType: 'application/x-www-form-urlencoded',
      timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
      connection: 'fresh',
      limits: TOKEN_ANSWER,
    });
    if (status !== 200 || 'error' in body) {
      const description = withoutSecrets(textOf(body['error_description']), [clientSecret, secret]);
      throw tokenRefusal(
        name,
        status,
        withoutSecrets(textOf(body['error']), [clientSecret, secret]),
        description,
      );
    }
    const told = textOf(body['server_endpoint']);
    return {
      ...parseTokenGrant(name, body, allowHttp),
      // One that names none of ours, or nothing, was still the one that granted.
      authorizationServer: servers.named(told) ?? host,
    };
  }
}

/**
 * One error for several refusals: that of the likeliest server, with what the others said. A server that refuses the
 * token knows the application, so it is likelier than one that does not.
 */
function summary(refusals: readonly PortalError[]): PortalError {
  const likeliest = refusals.find(({ action }) => action === 'unauthorized') ?? refusals[0];
  if (likeliest === undefined) throw new TypeError('there is no authorization server');
  const others = refusals.filter((refusal) => refusal !== likeliest);
  if (others.length === 0) return likeliest;
  const { method, code, status } = likeliest;
  const said = [likeliest.description, ...others.map(({ message }) => message)];
  const details = { method, code, status, description: said.filter((text) => text !== '').join('; ') };
  return likeliest.action === 'unauthorized'
    ? new PortalUnauthorized(details)
    : new PortalMisconfigured(details);
}
