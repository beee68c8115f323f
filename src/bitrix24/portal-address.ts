import { domainToUnicode } from 'node:url';

/** A portal's address as a person wrote it; a part that is left out may be any. */
export interface GivenAddress {
  /** `http` or `https`; null where none is given. */
  readonly scheme: 'http' | 'https' | null;
  /** As URLs write it: lower case, `xn--…` for international names, `[…]` around IPv6, no dot at its end. */
  readonly hostname: string;
  readonly port: number | null;
  /** Folder that the portal is installed in, `/b24/`; `/` where none is given. */
  readonly folder: string;
}

/** What the standard for URLs takes as a host and what is the name of a machine, or its address. */
const HOSTNAME = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)$/;
const LONGEST = 1000;

/**
 * Reads an address that a person wrote: `acme.bitrix24.com`, `портал.рф:8443`, `[::1]:4000`, `host/b24`, or a whole one
 * with `https://` before it and `/rest/` behind. Null where it is none.
 */
export function readAddress(text: string): GivenAddress | null {
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*)$/is.exec(text) ?? [];
  // What a URL would swallow without a word, or take for something else than a part of a host or a folder.
  if (rest === '' || rest.length > LONGEST || /^[/-]|\/\/|[\s\p{Cc}@?#\\]/u.test(rest)) return null;
  const url = `https://${rest}`;
  if (!URL.canParse(url)) return null;
  const { hostname, pathname } = new URL(url);
  const plain = withoutDot(hostname);
  if (!HOSTNAME.test(plain)) return null;
  // A URL forgets the port that is its scheme's own.
  const port = /:([0-9]+)$/.exec(rest.split('/', 1)[0] ?? '')?.[1];
  return {
    scheme: scheme === undefined ? null : scheme.toLowerCase() === 'http' ? 'http' : 'https',
    hostname: plain,
    port: port === undefined ? null : Number(port),
    folder: folderOf(pathname),
  };
}

/** The same address in the form in which addresses are compared: `xn--….xn--p1ai:8443/b24`. */
export function addressText({ hostname, port, folder }: GivenAddress): string {
  return `${hostname}${port === null ? '' : `:${port}`}${folder.slice(0, -1)}`;
}

/**
 * Whether a portal with that REST root is meant by an address. A folder counts where one is given.
 * @param anyPort an address without a port means every port, and not just the scheme's own
 */
export function isAt(given: GivenAddress, clientEndpoint: string, { anyPort = false } = {}): boolean {
  return (
    given.hostname === withoutDot(new URL(clientEndpoint).hostname) &&
    portFits(given, clientEndpoint, anyPort) &&
    (given.folder === '/' || given.folder === folderOf(new URL(clientEndpoint).pathname))
  );
}

/** Whether a portal with that REST root is on a host below the given one: `crm.acme.com` for `acme.com`. */
export function isBelow(given: GivenAddress, clientEndpoint: string): boolean {
  const { hostname, pathname } = new URL(clientEndpoint);
  return (
    withoutDot(hostname).endsWith(`.${given.hostname}`) &&
    portFits(given, clientEndpoint, true) &&
    (given.folder === '/' || given.folder === folderOf(pathname))
  );
}

/** Host of a REST root as it is stored and compared, with the port where that is not the scheme's own. */
export function domainOf(clientEndpoint: string): string {
  const { hostname, port } = new URL(clientEndpoint);
  return `${withoutDot(hostname)}${port === '' ? '' : `:${port}`}`;
}

/** The same with the folder that the portal is installed in, where there is one: no two portals share it. */
export function addressOf(clientEndpoint: string): string {
  return `${domainOf(clientEndpoint)}${folderOf(new URL(clientEndpoint).pathname).slice(0, -1)}`;
}

/** Scheme, host and folder of a portal: where links to it begin, and the `source` of its events. */
export function siteOf(clientEndpoint: string): string {
  return `${new URL(clientEndpoint).protocol}//${addressOf(clientEndpoint)}`;
}

/**
 * A stored domain or address as people write it: `портал.рф` for `xn--80awhdgm.xn--p1ai`. Only to be shown: names that
 * look alike are told apart by their stored form.
 */
export function shown(address: string): string {
  const [, hostname = '', rest = ''] = /^(\[[^\]]*\]|[^:/]*)(.*)$/s.exec(address) ?? [];
  if (!hostname.includes('xn--')) return address;
  return `${domainToUnicode(hostname) || hostname}${rest}`;
}

/** A portal's address as people write it. */
export function shownAddress(clientEndpoint: string): string {
  return shown(addressOf(clientEndpoint));
}

function portFits(given: GivenAddress, clientEndpoint: string, anyPort: boolean): boolean {
  const { protocol, port } = new URL(clientEndpoint);
  const own = protocol === 'http:' ? 80 : 443;
  if (given.port === null) return anyPort || port === '';
  return given.port === (port === '' ? own : Number(port));
}

/** With a slash at both ends, and without the `rest` that every REST root ends with. */
function folderOf(pathname: string): string {
  const folder = pathname.endsWith('/') ? pathname : `${pathname}/`;
  return folder.replace(/\/rest\/$/, '/');
}

/** A name with a dot at its end is the same name, said to be complete. */
function withoutDot(hostname: string): string {
  return hostname.replace(/\.$/, '');
}
