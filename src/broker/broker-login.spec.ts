import { describe, expect, it } from '@jest/globals';
import { brokersOf, loginOf } from './broker-login.js';

const told = (url: string) => loginOf(url)?.response().toString('utf8').split('\0');

describe('what a broker is told of user and password', () => {
  it('is what was percent-encoded, in UTF-8', () => {
    const [user, password] = ['ü€😀', 'a:b/c?d#e[f]@g%h,i %2F'];
    const url = `amqp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@host:1`;
    expect(told(url)).toEqual(['', user, password]);
    expect(told('amqp://100%:b%zz@host')).toEqual(['', '100%', 'b%zz']);
  });

  it("is each address's own, and left to the client where it names none", () => {
    const brokers = brokersOf(['amqp://a:b@one', 'amqps://two', 'amqp://c:d@three'], { timeout: 5 });
    expect(brokers.map(({ url }) => url)).toEqual(['amqp://a:b@one', 'amqps://two', 'amqp://c:d@three']);
    expect(brokers.map(({ connectionOptions }) => connectionOptions)).toMatchObject([
      { timeout: 5, credentials: { username: 'a', password: 'b' } },
      { timeout: 5 },
      { timeout: 5, credentials: { username: 'c', password: 'd' } },
    ]);
    expect(brokers[1]?.connectionOptions).toEqual({ timeout: 5 });
  });
});
