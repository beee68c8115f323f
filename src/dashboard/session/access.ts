import { isUtf8 } from 'node:buffer';
import { type Settings } from '../../config/settings.js';
import { trustOf } from '../../http/sender.js';
import { type DashboardRequest } from './dashboard-request.js';
import { type SessionEnds } from './session-ends.js';
import { Sessions, type Session } from './sessions.js';
import { SignedValues } from './signed-values.js';

/** The settings that open the dashboard. */
type AccessSettings = Pick<Settings, 'DASHBOARD_PASSWORD' | 'DASHBOARD_PROXY_HEADER' | 'B24_CLIENT_SECRET'>;

/** A longer user name is ignored. */
const MAX_USER_LENGTH = 200;

/** Who may look at the dashboard. */
export class Access {
  readonly signed: SignedValues;
  readonly sessions: Sessions;

  constructor(
    private readonly settings: AccessSettings,
    readonly ends: SessionEnds,
    now: () => number = Date.now,
  ) {
    const { DASHBOARD_PASSWORD: password = '', DASHBOARD_PROXY_HEADER: header = '' } = settings;
    this.signed = new SignedValues(settings.B24_CLIENT_SECRET, JSON.stringify([password, header]), now);
    this.sessions = new Sessions(this.signed, now);
  }

  /** Whether people can log in by a password. */
  get byPassword(): boolean {
    return this.settings.DASHBOARD_PASSWORD !== undefined;
  }

  isPassword(given: unknown): boolean {
    const { DASHBOARD_PASSWORD: password } = this.settings;
    return password !== undefined && typeof given === 'string' && this.signed.same(given, password);
  }

  /**
   * The session that a request belongs to. `fresh` says that the browser does not know it yet.
   *
   * A session that a proxy vouched for counts only while the proxy still does: its user may have logged out there.
   * @throws the database's error where only the database knows whether the session was logged out of
   */
  async sessionOf(request: DashboardRequest): Promise<{ session: Session; fresh: boolean }> {
    const user = this.proxyUser(request);
    const known = await this.knownSession(request, user);
    if (known !== null) return { session: known, fresh: false };
    return { session: this.begin(user === null ? 'nobody' : 'proxy', user), fresh: true };
  }

  begin(via: Session['via'], user: string | null = null): Session {
    const session = this.sessions.begin(via, user);
    if (via !== 'nobody') this.ends.begun(session);
    return session;
  }

  private async knownSession(request: DashboardRequest, user: string | null): Promise<Session | null> {
    const known = this.sessions.read(request.headers.cookie, request.secure);
    if (known === null) return null;
    const counts = user === null ? known.via !== 'proxy' : known.via === 'proxy' && known.user === user;
    if (!counts) return null;
    // A session that has only seen the log-in page cannot be logged out.
    if (known.via === 'nobody') return known;
    return (await this.ends.has(known)) ? null : known;
  }

  /** The user that the authenticating proxy names; null without one, or where the header comes from another address. */
  private proxyUser(request: DashboardRequest): string | null {
    const { DASHBOARD_PROXY_HEADER: name } = this.settings;
    if (name === undefined) return null;
    const user = request.headers[name.toLowerCase()];
    if (typeof user !== 'string' || user.trim() === '' || user.length > MAX_USER_LENGTH) return null;
    const { remoteAddress } = request.socket;
    if (remoteAddress === undefined) return null;
    return trustOf(request)(remoteAddress, 0) ? textOf(user).trim() : null;
  }
}

/** Node reads a header as Latin-1, a character a byte; proxies write names in UTF-8, or in Latin-1. */
function textOf(header: string): string {
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : header;
}
