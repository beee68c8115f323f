import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fallbackPortalName, portalNameFromHost } from './portal-name.js';

describe('portalNameFromHost', () => {
  it.each([
    ['acme.bitrix24.com', 'acme'],
    ['ACME.Bitrix24.com', 'acme'],
    ['acme-2.bitrix24.de', 'acme-2'],
    ['b24-x1y2z3.bitrix24.ru', 'b24-x1y2z3'],
    ['24h.bitrix24.com', '24h'],
    ['localhost', 'localhost'],
    ['crm.acme.local:8443', 'crm'],
    ['acme.bitrix24.com.', 'acme'],
    ['xn--80aswg.bitrix24.ru', 'xn--80aswg'],
    ['constructor.bitrix24.com', 'constructor'],
  ])('%s → %s', (host, name) => {
    expect(portalNameFromHost(host)).toBe(name);
  });

  it.each([
    '',
    '.',
    '.bitrix24.com',
    ':8080',
    '10.0.0.1',
    '127.0.0.1:8080',
    '0x7f.1',
    '0x7f000001',
    '123.bitrix24.com',
    '[::1]',
    '::1',
    '[2001:db8::1]:443',
    'https://acme.bitrix24.com',
    'acme.bitrix24.com:port',
    'acme_crm.local',
    '-acme.bitrix24.com',
    'acme-.bitrix24.com',
    '__proto__.bitrix24.com',
    'компания.bitrix24.ru',
    '\u212Aelvin.bitrix24.com',
    'user@acme.bitrix24.com',
    'acme*.bitrix24.com',
    '#',
    'acme\n.bitrix24.com',
    'acme\n',
    ' acme.bitrix24.com',
    'a\0b',
    'a'.repeat(64),
    'a'.repeat(1_000_000),
  ])('nothing usable in %j', (host) => {
    expect(portalNameFromHost(host)).toBeNull();
  });
});

describe('fallbackPortalName', () => {
  it.each([
    ['a223c6b3710f85df22e9377d6c4f7553', 'portala223c6b3'],
    ['A223C6B3710F85DF22E9377D6C4F7553', 'portala223c6b3'],
    ['ab', 'portalab'],
    ['', 'portal'],
    ['a.b#c*d/e', 'portala-b-c-d-'],
  ])('%j → %s', (memberId, name) => {
    expect(fallbackPortalName(memberId)).toBe(name);
  });

  it('is a word of a routing key for any member id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (memberId) => {
        expect(fallbackPortalName(memberId)).toMatch(/^portal[a-z0-9-]{0,32}$/);
      }),
    );
  });
});
