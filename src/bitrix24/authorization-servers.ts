import { checkedAddress } from './send-request.js';

/** What is known of the authorization server that a portal belongs to. */
export interface Belonging {
  /**
   * What told which one it is: a `server_endpoint`, or the host that was stored. It counts only where it is one of the
   * configured servers'.
   */
  readonly told?: string | null;
  /**
   * The token was granted to us, and is tried at the others before the portal counts as lost: what told may have been
   * wrong, or the portal may have changed its region since.
   */
  readonly granted?: boolean;
  /** The portal's host, which suggests where to ask first. */
  readonly domain?: string | null;
}

/**
 * Where portals of Russia, Belarus, Kazakhstan, Uzbekistan, Armenia, Azerbaijan, Georgia and Kyrgyzstan live, by the
 * last label of their host, in their own scripts too.
 */
const EASTERN: ReadonlySet<string> = new Set([
  ...['ru', 'by', 'kz', 'uz', 'am', 'az', 'ge', 'kg'],
  ...['su', 'xn--p1ai', 'xn--90ais', 'xn--80ao21a', 'xn--y9a3aq', 'xn--node'],
]);
const EASTERN_SERVER = 'oauth.bitrix24.tech';
const OTHER_SERVER = 'oauth.bitrix.info';

/**
 * The authorization servers of the settings: the only places that the application's secret ever goes to. Each is known
 * by its host (with a port where it is not the scheme's own).
 */
export class AuthorizationServers {
  private readonly byHost = new Map<string, string>();

  /** @throws {TypeError} for an address that the secret must not be sent to */
  constructor(addresses: readonly string[], allowHttp: boolean) {
    for (const address of addresses) {
      const root = checkedAddress(address, allowHttp);
      const host = hostOf(root);
      if (host !== null && !this.byHost.has(host)) this.byHost.set(host, root);
    }
  }

  /** Hosts of all of them, in the order of the settings. */
  get hosts(): readonly string[] {
    return [...this.byHost.keys()];
  }

  /** The host of the one that an endpoint or a host names; null where it is none of them. */
  named(told: string | null | undefined): string | null {
    if (told === null || told === undefined) return null;
    const host = hostOf(told.includes('://') ? told : `https://${told}`);
    return host !== null && this.byHost.has(host) ? host : null;
  }

  /** Address of one of them, with a slash at its end. */
  addressOf(host: string): string {
    const root = this.byHost.get(host);
    if (root === undefined) throw new TypeError(`${host} is none of the authorization servers`);
    return root;
  }

  /**
   * Hosts to ask about a portal, best first: the one that was told, and no other unless the token is one of ours; else
   * the one that fits the portal's address, then the others.
   */
  candidates({ told, granted, domain }: Belonging): readonly string[] {
    const { hosts } = this;
    const named = this.named(told);
    if (named !== null) return [named, ...(granted === true ? hosts.filter((host) => host !== named) : [])];
    const likely = this.likely(domain ?? '');
    return likely === undefined ? hosts : [likely, ...hosts.filter((host) => host !== likely)];
  }

  private likely(domain: string): string | undefined {
    const { hosts } = this;
    const host = hostOf(`https://${domain}`) ?? '';
    const last = host.replace(/:\d+$/, '').split('.').at(-1) ?? '';
    const eastern = EASTERN.has(last);
    const vendors = eastern ? EASTERN_SERVER : OTHER_SERVER;
    if (this.byHost.has(vendors)) return vendors;
    return eastern ? hosts[1] : hosts[0];
  }
}

/** Host in lower case, without the dot that a name may end with; null for what is no address. */
function hostOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { host } = new URL(address);
  return host === '' ? null : host.replace(/\.(?=:\d+$|$)/, '');
}
