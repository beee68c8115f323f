import { beforeEach, describe, expect, it } from '@jest/globals';
import { readCookie } from './cookies.js';
import { Sessions } from './sessions.js';
import { SignedValues } from './signed-values.js';

const START = Date.UTC(2026, 0, 15);

describe('a session', () => {
  let now: number;
  let sessions: Sessions;
  const signedWith = (secret: string, password: string) => new SignedValues(secret, password, () => now);
  const cookieHeader = (setCookie: string) => `other=1; ${setCookie.split(';', 1)[0]}`;

  beforeEach(() => {
    now = START;
    sessions = new Sessions(signedWith('secret', 'password'), () => now);
  });

  it('is known to every replica with the same settings, and to none with others', () => {
    const session = sessions.begin('password');
    const header = cookieHeader(sessions.cookie(session, false));
    const elsewhere = new Sessions(signedWith('secret', 'password'), () => now);
    expect(elsewhere.read(header, false)).toEqual(session);
    for (const signed of [signedWith('secret', 'another'), signedWith('another', 'password')]) {
      expect(new Sessions(signed, () => now).read(header, false)).toBeNull();
    }
  });

  it('ends after twelve hours', () => {
    const session = sessions.begin('password');
    const header = cookieHeader(sessions.cookie(session, true));
    expect(sessions.read(header, false)).toBeNull();
    now = START + 12 * 3_600_000 - 1;
    expect(sessions.read(header, true)).toEqual(session);
    now += 1;
    expect(sessions.read(header, true)).toBeNull();
  });

  it('has forms of its own', () => {
    const [one, two] = [sessions.begin('password'), sessions.begin('password')];
    expect(sessions.isFormToken(one, sessions.formToken(one))).toBe(true);
    for (const token of [sessions.formToken(two), '', undefined, one.id, [sessions.formToken(one)]]) {
      expect(sessions.isFormToken(one, token)).toBe(false);
    }
  });

  it('is nothing that was signed for another purpose', () => {
    const signed = signedWith('secret', 'password');
    const value = signed.seal('notice', sessions.begin('password'), now + 1000);
    expect(signed.open('session', value)).toBeUndefined();
    expect(signed.open('notice', value)).toBeDefined();
  });
});

describe('a cookie', () => {
  it.each([
    ['a=1; b=2', 'b', '2'],
    ['b=x=y', 'b', 'x=y'],
    ['bb=1;b=', 'b', ''],
    ['a=1', 'b', undefined],
    ['; =; b', 'b', undefined],
    [undefined, 'b', undefined],
  ])('of %j named %s is %j', (header, name, value) => {
    expect(readCookie(header, name)).toBe(value);
  });
});
