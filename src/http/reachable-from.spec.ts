import { describe, expect, it } from '@jest/globals';
import { reachableFrom } from './reachable-from.js';

describe('from where the service is reached', () => {
  it.each([
    ['127.0.0.1', 'this machine only'],
    ['::1', 'this machine only'],
    ['localhost', 'this machine only'],
    ['0.0.0.0', 'every network that this machine is in'],
    ['::', 'every network that this machine is in'],
    ['192.0.2.7', 'the network of the address 192.0.2.7'],
    ['bridge.internal', 'the network of bridge.internal'],
  ])('listening at %s: %s', (host, from) => {
    expect(reachableFrom(host)).toBe(from);
  });
});
