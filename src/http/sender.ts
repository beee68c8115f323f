import { type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { networkOf } from './network-of.js';

/** Whether an address is one of HTTP_TRUSTED_PROXIES: Express' `trust proxy fn`. */
type Trust = (address: string, hop: number) => boolean;

/** Who sent a request, as far as that can be told. Addresses are networks: IPv6 by /64, without zone and port. */
export interface Sender {
  /** The nearest address that is no trusted proxy's; where there is none, the farthest proxy's. */
  readonly address: string;
  /** The same as it was written, for the log; without zone and port. */
  readonly exactAddress: string;
  /** The trusted proxies that the request came through, the nearest first. */
  readonly proxies: readonly string[];
  /** Headers of a proxy came from an address that is none of HTTP_TRUSTED_PROXIES. */
  readonly undeclaredProxy: boolean;
  /** The client that an undeclared proxy names; null without one, and where it names none. */
  readonly claimed: string | null;
}

/** What is named beyond so many proxies is not read. */
const MAX_PROXIES = 8;
const PROXY_HEADERS = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'forwarded',
] as const;

/** Which addresses are those of HTTP_TRUSTED_PROXIES, as Express was told. */
export function trustOf({ app }: { readonly app: { get(name: string): unknown } }): Trust {
  const trusted = app.get('trust proxy fn');
  return typeof trusted === 'function' ? (trusted as Trust) : () => false;
}

/**
 * Finds out who sent a request. Each proxy adds to `X-Forwarded-For` the address that it was called from, on the right, so
 * only what trusted proxies have added counts: from the right to the first address that is not one of theirs.
 */
export function senderOf(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  trust: Trust,
): Sender {
  const peer = addressIn(socket.remoteAddress ?? '');
  const claims = forwardedFor(headers['x-forwarded-for']);
  if (peer === null)
    return {
      address: 'unknown',
      exactAddress: 'unknown',
      proxies: [],
      undeclaredProxy: false,
      claimed: null,
    };
  if (!trust(peer, 0)) {
    const claimed = addressIn(claims.at(-1) ?? '');
    return {
      address: networkOf(peer),
      exactAddress: peer,
      proxies: [],
      undeclaredProxy: PROXY_HEADERS.some((name) => headers[name] !== undefined),
      claimed: claimed === null ? null : networkOf(claimed),
    };
  }
  const proxies = [networkOf(peer)];
  let address = peer;
  for (let hop = 1; hop <= claims.length; hop += 1) {
    const named = addressIn(claims.at(-hop) ?? '');
    // Where a proxy names no address, the request counts as the proxy's own.
    if (named === null) break;
    address = named;
    if (!trust(named, hop)) break;
    if (proxies.length === MAX_PROXIES) break;
    proxies.push(networkOf(named));
  }
  return {
    address: networkOf(address),
    exactAddress: address,
    proxies,
    undeclaredProxy: false,
    claimed: null,
  };
}

function forwardedFor(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text === '' ? [] : text.split(',');
}

/** The address in `1.2.3.4`, `1.2.3.4:567`, `[::1]:567`, `fe80::1%eth0`; null where there is none. */
function addressIn(text: string): string | null {
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text.trim()) ?? [];
  const [, before] = /^(\d[\d.]*):\d{1,5}$/.exec(text.trim()) ?? [];
  const [address = ''] = (bracketed ?? before ?? text.trim()).split('%', 1);
  return isIP(address) === 0 ? null : address;
}
