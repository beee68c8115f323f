import { RestError } from './rest-error.js';

/** What PHP's parse_url finds in an address that has a host; null where it finds none. */
function schemeAndHost(address: string): { scheme: string | null; host: string } | null {
  const [, scheme = null, authority = ''] = /^(?:([A-Za-z0-9+.-]+):)?\/\/([^/?#]*)/.exec(address) ?? [];
  const [, host = '', port] = /^(?:.*@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority) ?? [];
  if (host === '' || Number(port ?? 0) > 65_535) return null;
  return { scheme, host };
}

/**
 * The portal's check of a handler's address: a host with a dot in it (`localhost` has none), by http or https. It
 * is not tried.
 * @throws RestError 400 ERROR_WRONG_HANDLER_URL, ERROR_UNSUPPORTED_PROTOCOL
 */
export function checkHandlerAddress(address: string): void {
  const found = schemeAndHost(address);
  if (!found || found.host.indexOf('.') < 1) {
    throw new RestError(400, 'ERROR_WRONG_HANDLER_URL', 'Wrong handler URL');
  }
  if (found.scheme !== 'http' && found.scheme !== 'https') {
    throw new RestError(400, 'ERROR_UNSUPPORTED_PROTOCOL', 'Unsupported handler protocol');
  }
}
