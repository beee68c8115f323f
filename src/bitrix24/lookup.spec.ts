import { type LookupFunction } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { lookupBy } from './connections.js';

describe('the address of a name', () => {
  let now = 0;
  const asked: string[] = [];
  const known = new Map([['shop.localhost', '172.18.0.5']]);
  const system: LookupFunction = (hostname, _options, callback) => {
    asked.push(hostname);
    const address = known.get(hostname);
    if (address === undefined) callback(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }), '', 4);
    else callback(null, address, 4);
  };
  const lookup = lookupBy(system, () => now);
  const addressOf = (hostname: string) =>
    new Promise((resolve, reject) =>
      lookup(hostname, {}, (error, address) => (error === null ? resolve(address) : reject(error))),
    );

  it('is what the system says, each time anew', async () => {
    known.set('acme.example', '192.0.2.1');
    expect(await addressOf('acme.example')).toBe('192.0.2.1');
    known.set('acme.example', '192.0.2.2');
    expect(await addressOf('acme.example')).toBe('192.0.2.2');
    expect(await addressOf('shop.localhost')).toBe('172.18.0.5');
    await expect(addressOf('nobody.example')).rejects.toThrow('ENOTFOUND');
    await expect(addressOf('nobody.example')).rejects.toThrow('ENOTFOUND');
    expect(asked).toHaveLength(5);
  });

  it('under .localhost is this machine where the system does not know it, which is asked once a minute', async () => {
    asked.length = 0;
    for (let count = 0; count < 3; count += 1) expect(await addressOf('acme.localhost')).toBe('127.0.0.1');
    expect(await addressOf('localhost')).toBe('127.0.0.1');
    expect(asked).toEqual(['acme.localhost', 'localhost']);
    now += 60_001;
    known.set('acme.localhost', '172.18.0.6');
    expect(await addressOf('acme.localhost')).toBe('172.18.0.6');
  });
});
