import { describe, expect, it } from '@jest/globals';
import { BrokerAddresses, BrokerAddressError, inRandomOrder } from './addresses.js';
import { connectionTiming, connectTimeoutMs } from './connection-timing.js';
import { reopenDelayMs } from './publisher.js';
import { namedSizeLimit } from './size-limit.js';

describe('broker addresses', () => {
  it('names an unusable address by its position and never repeats it', () => {
    const bad = () => new BrokerAddresses(['amqp://a', 'amqp://user:p#ss@host:5672']);
    expect(bad).toThrow(BrokerAddressError);
    expect(bad).toThrow(/address 2 is not a URL/);
    expect(bad).not.toThrow(/p#ss/);
    expect(() => new BrokerAddresses(['http://host'])).toThrow(/address 1 is neither/);
    expect(() => new BrokerAddresses([])).toThrow(/no broker address/);
  });

  it('keeps passwords out of reasons, encoded or decoded, and leaves guest alone', () => {
    const addresses = new BrokerAddresses(['amqp://user:s%40cret@one:5672/v', 'amqp://guest:guest@two']);
    expect(addresses.redact('login s@cret and s%40cret at amqp://x:other@h/')).toBe(
      'login *** and *** at amqp://x:***@h/',
    );
    expect(addresses.redact("user 'guest'")).toBe("user 'guest'");
  });

  it('shows host and port, with the default port of the scheme', () => {
    expect(BrokerAddresses.hostOf('amqp://u:p@one/v')).toBe('one:5672');
    expect(BrokerAddresses.hostOf('amqps://one')).toBe('one:5671');
    expect(BrokerAddresses.hostOf('amqp://u:p@one:1234')).toBe('one:1234');
  });

  it('finds the reasons inside a failed connect over several IP addresses', () => {
    const addresses = new BrokerAddresses(['amqp://one']);
    expect(addresses.reasonOf(new AggregateError([new Error('refused 1'), new Error('refused 2')]))).toBe(
      'refused 1; refused 2',
    );
    expect(addresses.reasonOf(undefined)).toBe('connection closed');
  });
});

describe('the order of addresses', () => {
  it('is another one in every process, and holds each address once', () => {
    const urls = ['amqp://a', 'amqp://b', 'amqp://c'];
    const orders = Array.from({ length: 300 }, () => inRandomOrder(urls).join());
    expect(new Set(orders).size).toBe(6);
    for (const order of orders) expect(order.split(',').sort()).toEqual(urls);
  });
});

describe('broker timing', () => {
  it('leaves a node that hangs for another within 10 s, and is patient where there is no other', () => {
    for (const addresses of [2, 3]) {
      const { heartbeatSeconds, reconnectMs } = connectionTiming(addresses);
      const noticedMs = 3 * heartbeatSeconds * 1000;
      // One more address may be down and not even refuse.
      const refusedMs = connectTimeoutMs(addresses, reconnectMs) + reconnectMs;
      expect(noticedMs + reconnectMs).toBeLessThan(8000);
      expect(refusedMs * (addresses - 1) + reconnectMs).toBeLessThan(8000);
    }
    expect(connectionTiming(1).heartbeatSeconds).toBe(5);
    expect(connectionTiming(3, { heartbeatSeconds: 1, reconnectMs: 100 })).toMatchObject({
      heartbeatSeconds: 1,
      reconnectMs: 100,
    });
  });

  it('tries every address within the time in which it promises to be back', () => {
    for (const addresses of [1, 2, 3]) {
      expect(addresses * (connectTimeoutMs(addresses, 1000) + 1000)).toBeLessThan(10_000);
      expect(connectTimeoutMs(addresses, 1000)).toBeGreaterThanOrEqual(2000);
    }
  });

  it('opens a channel again at once after one failure, then more and more slowly up to 5 s', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7, 8, 1000].map(reopenDelayMs);
    expect(delays.slice(0, 2)).toEqual([0, 0]);
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(delays.at(-1)).toBe(5000);
  });

  it('reads the size limit that a broker names', () => {
    expect(namedSizeLimit('message size 2000000 is larger than configured max size 1048576')).toBe(1_048_576);
    expect(namedSizeLimit('message size 2000000 is larger than max size 134217728')).toBe(134_217_728);
    expect(namedSizeLimit('invalid expiration')).toBeNull();
  });
});
