import { randomBytes } from 'node:crypto';
import { cookieName, readCookie, writeCookie } from './cookies.js';
import { type SignedValues } from './signed-values.js';

/** Who uses the dashboard, and how we know. `nobody`: has only been shown the log-in page. */
export interface Session {
  readonly id: string;
  readonly via: 'nobody' | 'password' | 'proxy';
  /** The name that the proxy gave; null without a proxy. */
  readonly user: string | null;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** One log-in for a working day. */
const LIFETIME_MS = 12 * 3_600_000;
const LOG_IN_PAGE_LIFETIME_MS = 3_600_000;

/** Sessions live in signed cookies, so that every replica knows them; their early ends are stored, see SessionEnds. */
export class Sessions {
  constructor(
    private readonly signed: SignedValues,
    private readonly now: () => number = Date.now,
  ) {}

  begin(via: Session['via'], user: string | null = null): Session {
    const lifetime = via === 'nobody' ? LOG_IN_PAGE_LIFETIME_MS : LIFETIME_MS;
    return { id: randomBytes(16).toString('base64url'), via, user, expiresAt: this.now() + lifetime };
  }

  /** The session's `Set-Cookie`. @param secure whether the request came by https */
  cookie(session: Session, secure: boolean): string {
    const { expiresAt } = session;
    const value = this.signed.seal('session', session, expiresAt);
    return writeCookie(cookieName('session', secure), value, (expiresAt - this.now()) / 1000, secure);
  }

  /** The session of a request's `Cookie` header; null where there is none of ours, or its time is over. */
  read(header: string | undefined, secure: boolean): Session | null {
    const text = readCookie(header, cookieName('session', secure));
    if (text === undefined) return null;
    return (this.signed.open('session', text) as Session | undefined) ?? null;
  }

  /** What every form of this session carries; another site cannot know it. */
  formToken(session: Session): string {
    return this.signed.signature('form', session.id);
  }

  isFormToken(session: Session, text: unknown): boolean {
    return typeof text === 'string' && this.signed.same(text, this.formToken(session));
  }
}
