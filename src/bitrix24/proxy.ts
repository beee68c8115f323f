/** An HTTP proxy between us and portals. */
export interface Proxy {
  /** Whether it is itself reached by TLS. */
  readonly secure: boolean;
  /** Without brackets where it is an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** Value of `Proxy-Authorization`; null where it wants none. */
  readonly authorization: string | null;
  /** Its address without user and password, fit to be shown. */
  readonly shown: string;
  /** Texts that no log line may carry. */
  readonly secrets: readonly string[];
}

/**
 * Reads a proxy's address as curl does: without a scheme it is `http://`.
 * @throws {TypeError} saying what is wrong, without user and password
 */
export function parseProxy(text: string): Proxy {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const scheme = address.slice(0, address.indexOf(':')).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') throw new TypeError(`${scheme}:// is no HTTP proxy`);
  // A password with a slash or # in it would otherwise be taken for a path, and the rest of it for the host.
  if (!URL.canParse(address)) throw new TypeError('it cannot be read');
  const url = new URL(address);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new TypeError('there is more than host and port');
  const user = decoded(url.username);
  const password = decoded(url.password);
  const secure = scheme === 'https';
  const basic = user === '' && password === '' ? null : Buffer.from(`${user}:${password}`).toString('base64');
  return {
    secure,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    authorization: basic === null ? null : `Basic ${basic}`,
    shown: url.origin,
    secrets: [url.password, password, basic ?? ''].filter((secret) => secret !== ''),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('a % in its user or password begins no percent-encoded character');
  }
}
