import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../../test/support/any-text.js';
import {
  fallbackPortalName,
  isPortalName,
  oldPortalName,
  portalNameFromHost,
  portalNames,
} from './portal-name.js';

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
  ])('nothing usable in %j', (host) => {
    expect(portalNameFromHost(host)).toBeNull();
  });

  it('nothing usable in a million characters', () => {
    expect(portalNameFromHost('a'.repeat(1_000_000))).toBeNull();
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
      fc.property(anyText(), (memberId) => {
        expect(fallbackPortalName(memberId)).toMatch(/^portal[a-z0-9-]{0,32}$/);
      }),
    );
  });
});

describe('oldPortalName', () => {
  it.each([
    ['acme', 'a223c6b3710f85df22e9377d6c4f7553', 'acme-old-a223c6b3'],
    ['acme', 'A223C6B3710F', 'acme-old-a223c6b3'],
    ['acme', 'ab_c______', 'acme-old-ab-c'],
    ['a'.repeat(63), 'a223c6b3710f', `${'a'.repeat(50)}-old-a223c6b3`],
  ])('of %s and %s is %s', (name, memberId, old) => {
    expect(oldPortalName(name, memberId, new Set())).toBe(old);
  });

  it('is another one where it is taken', () => {
    const taken = new Set(['acme-old-a223c6b3', 'acme-old-a223c6b3-2']);
    expect(oldPortalName('acme', 'a223c6b3710f', taken)).toBe('acme-old-a223c6b3-3');
  });

  it('is a name that a portal may have, for any member id', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
        fc.stringMatching(/^[A-Za-z0-9_]{8,64}$/),
        (name, memberId) => isPortalName(oldPortalName(name, memberId, new Set())),
      ),
    );
  });
});

describe('isPortalName', () => {
  it.each(['acme', 'acme-2', 'xn--80aswg', '24h'])('%s is one', (word) => {
    expect(isPortalName(word)).toBe(true);
  });
  it.each(['', 'ACME', 'acme.crm', 'acme:80', '12', 'acme_crm', '-acme', 'acme-', '#', 'a*', 'a'.repeat(64)])(
    '%j is none',
    (word) => {
      expect(isPortalName(word)).toBe(false);
    },
  );
});

describe('names to try', () => {
  const MEMBER = 'b'.repeat(32);
  it.each([
    ['acme.bitrix24.com', 'acme'],
    ['portal.bitrix24.com', 'portal'],
    ['portals-of-acme.bitrix24.com', 'portals-of-acme'],
    ['old-acme.bitrix24.com', 'old-acme'],
    ['acme-old-shop.bitrix24.com', 'acme-old-shop'],
  ])('of %s begin with %s', (host, name) => {
    expect(portalNames(host, MEMBER)).toEqual([name, 'portalbbbbbbbb']);
  });

  it.each([
    'portala223c6b3.evil.test',
    'PortalA223C6B3.evil.test',
    'portala223c6b3710f85df22e9377d6c4f7553.evil.test',
    'portala223c6b3710f85df22e9377d6c4f7553-2.evil.test',
    'acme-old-a223c6b3.evil.test',
    'acme-old-a223c6b3-2.evil.test',
  ])('of %s are not what is made of another member id', (host) => {
    expect(portalNames(host, MEMBER)).toEqual(['portalbbbbbbbb']);
  });
});
