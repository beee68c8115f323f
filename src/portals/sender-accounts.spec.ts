import { describe, expect, it } from '@jest/globals';
import { type IncomingMessage } from 'node:http';
import { senderOf } from '../http/sender.js';
import { accountsOf } from './sender-accounts.js';

const from = (remoteAddress: string, forwardedFor?: string) => {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const socket = { remoteAddress } as IncomingMessage['socket'];
  return accountsOf(senderOf({ socket, headers }, () => false));
};

describe('whom a request is counted for', () => {
  it.each([
    ['192.0.2.7', ['192.0', '192.0.2', '192.0.2.7', '192.0.2.7']],
    ['::ffff:192.0.2.7', ['192.0', '192.0.2', '192.0.2.7', '192.0.2.7']],
    ['2001:db8:1:2:3:4:5:6', ['2001:db8::/32', '2001:db8:1::/48', '2001:db8:1:2::/64', '2001:db8:1:2::/64']],
    ['2001:0db8::9', ['2001:db8::/32', '2001:db8:0::/48', '2001:db8:0:0::/64', '2001:db8:0:0::/64']],
    ['::1', ['0:0::/32', '0:0:0::/48', '0:0:0:0::/64', '0:0:0:0::/64']],
    ['fe80::1%eth0', ['fe80:0::/32', 'fe80:0:0::/48', 'fe80:0:0:0::/64', 'fe80:0:0:0::/64']],
    ['64:ff9b::192.0.2.7', ['64:ff9b::/32', '64:ff9b:0::/48', '64:ff9b:0:0::/64', '64:ff9b:0:0::/64']],
  ])('%s by its networks', (address, path) => {
    expect(from(address).path).toEqual(path);
  });

  it('behind a proxy that nobody declared, by what that proxy added, and by nothing that came before', () => {
    const one = from('10.0.0.1', '203.0.113.5');
    expect(one).toMatchObject({ account: '10.0.0.1 for 203.0.113.5', host: '10.0.0.1', address: '10.0.0.1' });
    expect(from('10.0.0.1', '198.51.100.1, 203.0.113.5').account).toBe(one.account);
    expect(from('10.0.0.1', '203.0.113.6').account).not.toBe(one.account);
    for (const nonsense of ['', 'unknown', 'x'.repeat(10_000), '203.0.113.5, ']) {
      expect(from('10.0.0.1', nonsense).account).toBe('10.0.0.1');
    }
  });
});
