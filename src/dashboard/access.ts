import { type Settings } from '../config.js';
import { type DashboardRequest } from './request.js';
import { Sessions, type Session } from './sessions.js';
import { SignedValues } from './signed-values.js';

/** The settings that open the dashboard. */
export type AccessSettings = Pick<
  Settings,
  'DASHBOARD_PASSWORD' | 'DASHBOARD_PROXY_HEADER' | 'B24_CLIENT_SECRET'
>;

/** How often one address may try a password within five minutes: nobody mistypes more often. */
export const LOG_INS_IN_PERIOD = 10;
/** Longer names are no names. */
const MAX_USER_LENGTH = 200;

/** Whether the dashboard is served at all. */
export function isDashboardOpen(settings: AccessSettings): boolean {
  return settings.DASHBOARD_PASSWORD !== undefined || settings.DASHBOARD_PROXY_HEADER !== undefined;
}

/** Who may look at the dashboard. */
export class Access {
  readonly signed: SignedValues;
  readonly sessions: Sessions;

  constructor(
    private readonly settings: AccessSettings,
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
   */
  sessionOf(request: DashboardRequest): { session: Session; fresh: boolean } {
    const known = this.sessions.read(request.headers.cookie, request.secure);
    const user = this.proxyUser(request);
    if (user !== null) {
      if (known?.via === 'proxy' && known.user === user) return { session: known, fresh: false };
      return { session: this.sessions.begin('proxy', user), fresh: true };
    }
    if (known !== null && known.via !== 'proxy') return { session: known, fresh: false };
    return { session: this.sessions.begin('nobody'), fresh: true };
  }

  /** Whom the authenticating proxy names; null where nobody does, or where it is not the proxy that says so. */
  private proxyUser(request: DashboardRequest): string | null {
    const { DASHBOARD_PROXY_HEADER: name } = this.settings;
    if (name === undefined) return null;
    const user = request.headers[name.toLowerCase()];
    if (typeof user !== 'string' || user.trim() === '' || user.length > MAX_USER_LENGTH) return null;
    const trusted = request.app.get('trust proxy fn');
    const { remoteAddress } = request.socket;
    if (typeof trusted !== 'function' || remoteAddress === undefined) return null;
    return (trusted as (address: string, hop: number) => boolean)(remoteAddress, 0) ? user.trim() : null;
  }
}
