import { type IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { senderOf } from './sender.js';

const trust = (address: string) => address.startsWith('10.') || address === '::1';
const sender = (remoteAddress: string | undefined, headers: IncomingMessage['headers'] = {}) =>
  senderOf({ socket: { remoteAddress } as IncomingMessage['socket'], headers }, trust);
const via = (remoteAddress: string, forwardedFor: string) =>
  sender(remoteAddress, { 'x-forwarded-for': forwardedFor });

describe('who sent a request', () => {
  it.each([
    ['203.0.113.1', '203.0.113.1'],
    ['::ffff:203.0.113.1', '203.0.113.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['::ffff:cb00:7101', '203.0.113.1'],
    ['0:0:0:0:0:0:0:1', '0:0:0:0::/64'],
    ['::1.2.3.4', '0:0:0:0::/64'],
    ['2001:0DB8:1:2:ff::1', '2001:db8:1:2::/64'],
    ['1:2:3::7:8', '1:2:3:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('from %s is %s', (remoteAddress, address) => {
    expect(sender(remoteAddress)).toMatchObject({
      address,
      proxies: [],
      undeclaredProxy: false,
      claimed: null,
    });
  });

  it.each([
    ['203.0.113.1', '203.0.113.1', ['10.0.0.1']],
    ['198.51.100.1, 203.0.113.1', '203.0.113.1', ['10.0.0.1']],
    ['198.51.100.1,203.0.113.1 , 10.0.0.2', '203.0.113.1', ['10.0.0.1', '10.0.0.2']],
    ['203.0.113.1:4711', '203.0.113.1', ['10.0.0.1']],
    ['[2001:db8::1]:4711', '2001:db8:0:0::/64', ['10.0.0.1']],
    ['[2001:db8::1]', '2001:db8:0:0::/64', ['10.0.0.1']],
    ['198.51.100.1, unknown', '10.0.0.1', ['10.0.0.1']],
    ['198.51.100.1, ', '10.0.0.1', ['10.0.0.1']],
    ['198.51.100.1, unknown, 10.0.0.2', '10.0.0.2', ['10.0.0.1', '10.0.0.2']],
    ['1.2.3.4.5', '10.0.0.1', ['10.0.0.1']],
    ['2001:db8::1:9999', '2001:db8:0:0::/64', ['10.0.0.1']],
    ['10.0.0.2', '10.0.0.2', ['10.0.0.1', '10.0.0.2']],
    ['', '10.0.0.1', ['10.0.0.1']],
  ])('by a trusted proxy that says %j is %s', (header, address, proxies) => {
    expect(via('10.0.0.1', header)).toMatchObject({
      address,
      proxies,
      undeclaredProxy: false,
      claimed: null,
    });
  });

  it('is written in full for the log', () => {
    expect(sender('2001:db8:1:2:3:4:5:6').exactAddress).toBe('2001:db8:1:2:3:4:5:6');
    expect(via('10.0.0.1', '[2001:db8::1]:4711').exactAddress).toBe('2001:db8::1');
  });

  it('is looked for behind a few proxies only', () => {
    const many = Array.from({ length: 3000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`).join(',');
    const { address, proxies } = via('10.0.0.1', `203.0.113.1,${many}`);
    expect(proxies).toHaveLength(8);
    expect(address).toMatch(/^10\.1\./);
  });

  it('is not what an undeclared proxy says', () => {
    expect(via('192.0.2.1', '198.51.100.1, 203.0.113.1')).toMatchObject({
      address: '192.0.2.1',
      proxies: [],
      undeclaredProxy: true,
      claimed: '203.0.113.1',
    });
    expect(sender('192.0.2.1', { forwarded: 'for=1.2.3.4' })).toMatchObject({
      undeclaredProxy: true,
      claimed: null,
    });
    expect(via('192.0.2.1', 'nonsense')).toMatchObject({ undeclaredProxy: true, claimed: null });
  });

  it('is unknown where the connection has gone', () => {
    expect(sender(undefined).address).toBe('unknown');
  });
});
