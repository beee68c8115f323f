import { OutcomeUnknown, type PortalError, PortalNotAllowed, PortalUnauthorized } from './errors.js';
import { shownAddress } from './portal-address.js';
import { type TokenSource } from './token-source.js';

/** The authorization server blocks callers that ask it all the time. */
const ASK_AGAIN_MS = 3_600_000;

/** Finds out where a portal is by now that redirects its callers. */
export class MovedPortal {
  /** When the authorization server may be asked again; `performance.now()`. */
  private askAgainAt = 0;

  /** @param address the portal's present one; throws a PortalError for one that is not usable */
  constructor(
    private readonly tokens: TokenSource,
    private readonly address: (method: string) => string,
  ) {}

  /**
   * A portal that was given another address redirects from the former one. The redirect's target is not believed: the
   * authorization server knows, and says so with new tokens. The request is not repeated.
   * @param token the one that the redirected request was sent with
   * @param assertPermitted throws where we may not act on the portal any more
   * @returns what to throw: the redirect, or that the portal has moved
   */
  async explain(
    redirect: PortalError,
    method: string,
    token: string,
    assertPermitted: () => void,
  ): Promise<PortalError> {
    const now = performance.now();
    if (now < this.askAgainAt) return redirect;
    assertPermitted();
    const former = this.address(method);
    try {
      await this.tokens.renew(token);
    } catch (error) {
      if (error instanceof PortalUnauthorized) throw error;
      return redirect;
    }
    this.askAgainAt = now + ASK_AGAIN_MS;
    let present: string;
    try {
      present = this.address(method);
    } catch (error) {
      if (!(error instanceof PortalNotAllowed)) throw error;
      // What the redirected request did, if anything, is not known.
      const { code, description } = error;
      return new PortalNotAllowed({ method, code, description, executed: redirect.executed });
    }
    if (present === former) return redirect;
    const description = `the portal has moved from ${shownAddress(former)} to ${shownAddress(present)}`;
    return new OutcomeUnknown({ method, code: 'MOVED', status: redirect.status, description });
  }
}
