import { isIP } from 'node:net';

/**
 * From where a server that listens at this address is reached, for the log: its address for people, which a program on
 * the same machine can use, does not tell. Inside a container "this machine" is the container.
 */
export function reachableFrom(host: string): string {
  if (['0.0.0.0', '::', ''].includes(host)) return 'every network that this machine is in';
  if (/^127\./.test(host) || host === '::1' || host === 'localhost') return 'this machine only';
  return isIP(host) === 0 ? `the network of ${host}` : `the network of the address ${host}`;
}
