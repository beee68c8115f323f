import { randomBytes } from 'node:crypto';
import { cookieName, readCookie, writeCookie } from './cookies.js';
import { type DashboardRequest } from './dashboard-request.js';
import { type SignedValues } from './signed-values.js';

/** A user back from a holiday is still known. */
const LIFETIME_MS = 90 * 86_400_000;
const PURPOSE = 'browser';

/**
 * Browsers from which a user has logged in before, by a signed cookie. It opens nothing: it only has its attempts
 * counted for themselves, so that a stranger at the same address, or a thousand at others, cannot use them up.
 */
export class KnownBrowser {
  constructor(
    private readonly signed: SignedValues,
    private readonly now: () => number = Date.now,
  ) {}

  /** Tells this browser from the others; null where it is not known. */
  read(request: DashboardRequest): string | null {
    const text = readCookie(request.headers.cookie, cookieName('browser', request.secure));
    const id = text === undefined ? undefined : this.signed.open(PURPOSE, text);
    return typeof id === 'string' ? id : null;
  }

  /** The `Set-Cookie` after a log-in. */
  remember(request: DashboardRequest): string {
    const id = this.read(request) ?? randomBytes(16).toString('base64url');
    const value = this.signed.seal(PURPOSE, id, this.now() + LIFETIME_MS);
    return writeCookie(cookieName('browser', request.secure), value, LIFETIME_MS / 1000, request.secure);
  }

  /** The `Set-Cookie` of a log-out. */
  forget(request: DashboardRequest): string {
    return writeCookie(cookieName('browser', request.secure), '', 0, request.secure);
  }
}
