import { describe, expect, it } from '@jest/globals';
import { CommandFailed } from '../command/command-result.js';
import { authorizePage, codeFrom } from './add-portal.js';

const SETTINGS = { B24_CLIENT_ID: 'local.1&2', B24_ALLOW_HTTP: false };

describe('the page on which an administrator allows the application', () => {
  it.each([
    ['acme.bitrix24.com', 'acme.bitrix24.com'],
    ['Acme.Bitrix24.com', 'acme.bitrix24.com'],
    ['https://acme.bitrix24.com/', 'acme.bitrix24.com'],
    ['https://acme.bitrix24.com:443', 'acme.bitrix24.com'],
    ['portal.local:8443', 'portal.local:8443'],
    ['https://acme.bitrix24.com/rest/', 'acme.bitrix24.com'],
    ['acme.bitrix24.com.', 'acme.bitrix24.com'],
    ['портал.рф', 'xn--80awhdgm.xn--p1ai'],
    ['b24_test.local', 'b24_test.local'],
    ['[::1]:4000', '[::1]:4000'],
    ['https://host/b24/rest/', 'host/b24'],
  ])('of %s is on %s, with our key and the state', (domain, host) => {
    expect(authorizePage(domain, SETTINGS, 'abc')).toEqual({
      host,
      link: `https://${host}/oauth/authorize/?client_id=local.1%262&state=abc`,
    });
  });

  it('is on http:// only where that was asked for and is allowed', () => {
    const lax = { ...SETTINGS, B24_ALLOW_HTTP: true };
    expect(authorizePage('http://acme.localhost:4000', lax, 's').link).toMatch(
      /^http:\/\/acme\.localhost:4000\//,
    );
    expect(authorizePage('acme.localhost:4000', lax, 's').link).toMatch(/^https:/);
    expect(() => authorizePage('http://acme.localhost', SETTINGS, 's')).toThrow('B24_ALLOW_HTTP');
  });

  it.each(['', 'acme bitrix', 'ftp://acme.bitrix24.com', 'a@b.c', '-x', 'acme:99999'])(
    'is refused for %j',
    (domain) => {
      expect(() => authorizePage(domain, SETTINGS, 's')).toThrow(CommandFailed);
    },
  );
});

describe('what is pasted', () => {
  it.each([
    ['0123456789abcdef', '0123456789abcdef'],
    ['  0123456789abcdef \r', '0123456789abcdef'],
    ['https://app.example/cb?code=c0de&state=mine&domain=acme.bitrix24.com', 'c0de'],
    ['https://app.example/cb?code=c0de', 'c0de'],
    ['?state=mine&code=c0de', 'c0de'],
  ])('%j holds the code %s', (pasted, code) => {
    expect(codeFrom(pasted, 'mine')).toBe(code);
  });

  it.each([
    ['', 'neither a code'],
    ['what?', 'neither a code'],
    ['https://app.example/cb?error=access_denied', 'neither a code'],
    ['https://app.example/cb?code=c0de&state=theirs', 'another attempt'],
  ])('%j is refused', (pasted, message) => {
    expect(() => codeFrom(pasted, 'mine')).toThrow(message);
  });
});
