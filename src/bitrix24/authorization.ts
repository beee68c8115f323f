import {
  AuthorizationUnavailable,
  PortalError,
  PortalUnauthorized,
  RequestCancelled,
  TokenExpired,
} from './errors.js';
import { RenewalAllowance } from './renewal-allowance.js';
import { notPermitted } from './send-request.js';
import { type TokenSource } from './token-source.js';

/**
 * Sends one portal's requests with its token. A request whose token is refused ran nothing: the token is renewed once,
 * and the request repeated once, whatever the reason was, since a portal remembers errors of its authorization server
 * by the token for an hour. Only where the new token is refused as well, or may not be had, does the refusal stand.
 */
export class Authorization {
  /** A token with which commands of a batch were refused, though the batch was not. */
  private doubted: string | null = null;
  /** The one that was renewed for such a doubt: it is not doubted again. */
  private renewedForDoubt: string | null = null;
  private used = '';

  constructor(
    private readonly tokens: TokenSource,
    /** Asked before tokens are renewed: whether we may still act on the portal. */
    private readonly permitted: () => boolean = () => true,
    private readonly allowance = new RenewalAllowance(),
  ) {}

  /**
   * @param cut ends the wait for a token; its renewal goes on for the next request
   * @throws {PortalUnauthorized} only a new installation helps: a renewed token is refused too, or none is granted
   * @throws {AuthorizationUnavailable} whether the authorization holds cannot be told at present
   * @throws whatever `send` throws but for refused tokens
   */
  async run<Answer>(
    method: string,
    send: (token: string) => Promise<Answer>,
    cut?: AbortSignal,
  ): Promise<Answer> {
    const token = await this.current(method, cut);
    try {
      return this.accepted(token, await send(token));
    } catch (error) {
      if (!refusesToken(error)) throw error;
      if (!this.mayRenew(method, error instanceof TokenExpired)) throw notYet(error);
    }
    const renewed = await obtained(method, this.tokens.renew(token), cut);
    try {
      return this.accepted(renewed, await send(renewed));
    } catch (error) {
      if (!refusesToken(error)) throw error;
      this.allowance.didNotHelp();
      throw error instanceof PortalUnauthorized ? standing(error) : error;
    }
  }

  /** Commands of a batch were refused for the token that the batch was sent with: the next request renews it first. */
  doubt(): void {
    if (this.used !== this.renewedForDoubt) this.doubted = this.used;
  }

  private async current(method: string, cut?: AbortSignal): Promise<string> {
    const token = await obtained(method, this.tokens.accessToken(), cut);
    if (this.doubted === null) return token;
    const doubted = this.doubted === token;
    this.doubted = null;
    if (!doubted || !this.mayRenew(method, false)) return token;
    return (this.renewedForDoubt = await obtained(method, this.tokens.renew(token), cut));
  }

  private accepted<Answer>(token: string, answer: Answer): Answer {
    this.used = token;
    this.allowance.accepted();
    return answer;
  }

  private mayRenew(method: string, expired: boolean): boolean {
    if (!this.permitted()) throw new RequestCancelled(notPermitted(method));
    return this.allowance.take(expired);
  }
}

/** Whether a request, or a command of a batch, was refused for its token. */
export function refusesToken(
  error: unknown,
): error is TokenExpired | PortalUnauthorized | AuthorizationUnavailable {
  return (
    error instanceof TokenExpired ||
    error instanceof PortalUnauthorized ||
    error instanceof AuthorizationUnavailable
  );
}

/** Whatever became of a token request, the method itself did not run. */
async function obtained(method: string, token: Promise<string>, cut?: AbortSignal): Promise<string> {
  try {
    return await unlessCut(method, token, cut);
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    // A clear no, which waiting does not change.
    const stands = error.executed === 'no' && error.action !== 'retry' && error.action !== 'throttle';
    if (stands || error instanceof RequestCancelled) throw error;
    throw new AuthorizationUnavailable({
      method,
      code: error.code,
      status: error.status,
      description: `no access token: ${error.message}`,
    });
  }
}

/** @throws {RequestCancelled} when `cut` aborts first */
function unlessCut(method: string, token: Promise<string>, cut?: AbortSignal): Promise<string> {
  if (cut === undefined) return token;
  return new Promise((resolve, reject) => {
    const onCut = () =>
      reject(new RequestCancelled({ method, code: 'CUT_OFF', description: 'while its token was renewed' }));
    cut.addEventListener('abort', onCut, { once: true });
    if (cut.aborted) onCut();
    token.then(resolve, reject).finally(() => cut.removeEventListener('abort', onCut));
  });
}

/** A refusal that may be gone with a token that we may not ask for yet. */
function notYet(error: PortalError): PortalError {
  if (!(error instanceof PortalUnauthorized)) return error;
  const { method, code, status, description } = error;
  const more = 'a renewed token was refused lately, the next one is asked for later';
  return new AuthorizationUnavailable({ method, code, status, description: joined(description, more) });
}

function standing({ method, code, status, description }: PortalUnauthorized): PortalUnauthorized {
  const more = 'a newly renewed token is refused as well';
  return new PortalUnauthorized({ method, code, status, description: joined(description, more) });
}

function joined(...texts: string[]): string {
  return texts.filter((text) => text !== '').join('; ');
}
