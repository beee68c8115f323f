import { isIP } from 'node:net';

/** Who has an address: IPv4 the address itself, IPv6 the /64 that one customer has; a text that is no address, itself. */
export function networkOf(address: string): string {
  return networksOf(address)[2];
}

/** The networks of an address, the widest first: IPv4 by /16, /24 and address, IPv6 by /32, /48 and /64. */
export function networksOf(address: string): readonly [string, string, string] {
  const [plain = ''] = address.split('%', 1);
  const family = isIP(plain);
  if (family === 0) return [address, address, address];
  if (family === 4) return ofIPv4(plain.split('.'));
  // Written in one way: small letters, no leading zeros, no IPv4 in it.
  const written = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [left = [], right = []] = written
    .split('::')
    .map((half) => half.split(':').filter((word) => word !== ''));
  const words = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  if (words.slice(0, 6).join(':') === '0:0:0:0:0:ffff') {
    return ofIPv4(words.slice(6).flatMap((word) => [parseInt(word, 16) >> 8, parseInt(word, 16) & 255]));
  }
  const prefix = (count: number) => `${words.slice(0, count).join(':')}::/${count * 16}`;
  return [prefix(2), prefix(3), prefix(4)];
}

function ofIPv4(bytes: readonly (string | number)[]): readonly [string, string, string] {
  const prefix = (count: number) => bytes.slice(0, count).join('.');
  return [prefix(2), prefix(3), prefix(4)];
}
