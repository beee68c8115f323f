import { describe, expect, it } from '@jest/globals';
import {
  addressOf,
  addressText,
  domainOf,
  isAt,
  isBelow,
  readAddress,
  shown,
  siteOf,
} from './portal-address.js';

const CYRILLIC = 'xn--80awhdgm.xn--p1ai';

describe("a portal's address, as it is written,", () => {
  it.each([
    ['acme.bitrix24.com', 'acme.bitrix24.com'],
    ['ACME.Bitrix24.COM', 'acme.bitrix24.com'],
    ['acme.bitrix24.com.', 'acme.bitrix24.com'],
    ['acme.bitrix24.com.:8443', 'acme.bitrix24.com:8443'],
    ['https://acme.bitrix24.com/', 'acme.bitrix24.com'],
    ['HTTPS://acme.bitrix24.com/rest/', 'acme.bitrix24.com'],
    ['портал.рф', CYRILLIC],
    ['ПОРТАЛ.РФ:4000', `${CYRILLIC}:4000`],
    [CYRILLIC, CYRILLIC],
    [`${CYRILLIC.toUpperCase()}:8443`, `${CYRILLIC}:8443`],
    ['b24_test.Портал.РФ./b24', `b24_test.${CYRILLIC}/b24`],
    ['[::FFFF:10.0.0.1]:80', '[::ffff:a00:1]:80'],
    ['портал。рф', CYRILLIC],
    ['faß.de', 'xn--fa-hia.de'],
    ['b24_test.local', 'b24_test.local'],
    ['_b24.local', '_b24.local'],
    ['b--24.local', 'b--24.local'],
    ['localhost:3000', 'localhost:3000'],
    ['[::1]:4000', '[::1]:4000'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['10.0.0.1:443', '10.0.0.1:443'],
    ['host/b24', 'host/b24'],
    ['host:8080/b24/rest/', 'host:8080/b24'],
    ['host/B24/', 'host/B24'],
  ])('%s is %s', (text, address) => {
    const given = readAddress(text);
    expect(given === null ? null : addressText(given)).toBe(address);
  });

  it.each([
    '',
    ' ',
    '.',
    '..',
    'acme..com',
    '.acme.com',
    'acme bitrix',
    'acme.com\n',
    'acme.com\u0000',
    '\u0001acme.com',
    'acme.com/b24\u007f',
    '[fe80::1%25eth0]',
    '[fe80::1%eth0]:4000',
    'acme.com:99999',
    'acme.com:port',
    '::1',
    '[::1',
    'user@acme.com',
    'https://u:p@acme.com',
    'ftp://acme.com',
    'https://',
    'https:///acme.com',
    '/acme.com',
    '-x',
    'acme.com?x=1',
    'acme.com#x',
    'acme.com\\b24',
    '*.acme.com',
    'a{b',
  ])('%j is none', (text) => {
    expect(readAddress(text)).toBeNull();
  });

  it('is none where it has no end, and that takes no time', () => {
    expect(readAddress('a'.repeat(1_000_000))).toBeNull();
    expect(readAddress(`${'a-'.repeat(400)}!`)).toBeNull();
  });

  const at = (text: string, endpoint: string, options = {}) => {
    const given = readAddress(text);
    return given !== null && isAt(given, endpoint, options);
  };

  it.each([
    ['портал.рф', `https://${CYRILLIC}/rest/`],
    ['acme.com', 'https://ACME.com./rest/'],
    ['acme.com.', 'https://acme.com/rest/'],
    ['acme.com:443', 'https://acme.com/rest/'],
    ['acme.com:80', 'http://acme.com/rest/'],
    ['[::1]:4000', 'http://[0:0::1]:4000/rest/'],
    ['host/b24', 'https://host/b24/rest/'],
    // Whoever names no folder means whichever it is.
    ['host', 'https://host/b24/rest/'],
  ])('%s is that of %s', (text, endpoint) => {
    expect(at(text, endpoint)).toBe(true);
  });

  it.each([
    ['acme.com', 'https://acme.com:8443/rest/'],
    ['acme.com:443', 'http://acme.com/rest/'],
    ['acme.com', 'https://crm.acme.com/rest/'],
    ['host/b24', 'https://host/rest/'],
    ['host/b24', 'https://host/b24/crm/rest/'],
    // Latin and Cyrillic letters that look the same.
    ['acme.com', 'https://xn--cme-5cd.com/rest/'],
  ])('%s is not that of %s', (text, endpoint) => {
    expect(at(text, endpoint)).toBe(false);
  });

  it('without a port means all ports where that is asked for', () => {
    expect(at('acme.com', 'https://acme.com:8443/rest/', { anyPort: true })).toBe(true);
    expect(at('acme.com:443', 'https://acme.com:8443/rest/', { anyPort: true })).toBe(false);
  });

  it('has others below it', () => {
    const below = (text: string, endpoint: string) => isBelow(readAddress(text)!, endpoint);
    expect(below('портал.рф', `https://crm.${CYRILLIC}:8443/rest/`)).toBe(true);
    expect(below('портал.рф', `https://${CYRILLIC}/rest/`)).toBe(false);
    expect(below('acme.com', 'https://evilacme.com/rest/')).toBe(false);
  });
});

describe("a portal's REST root", () => {
  it.each([
    ['https://acme.bitrix24.com/rest/', 'acme.bitrix24.com', 'https://acme.bitrix24.com'],
    ['https://Acme.Bitrix24.com.:443/rest/', 'acme.bitrix24.com', 'https://acme.bitrix24.com'],
    ['https://портал.рф/rest/', CYRILLIC, `https://${CYRILLIC}`],
    ['http://[::1]:4000/rest/', '[::1]:4000', 'http://[::1]:4000'],
    ['http://b24_test.local/rest/', 'b24_test.local', 'http://b24_test.local'],
    ['https://host:8443/b24/rest/', 'host:8443', 'https://host:8443/b24'],
  ])('%s is stored as %s, and its site is %s', (endpoint, domain, site) => {
    expect(domainOf(endpoint)).toBe(domain);
    expect(siteOf(endpoint)).toBe(site);
    expect(site.endsWith(addressOf(endpoint))).toBe(true);
  });

  it.each([
    ['acme.bitrix24.com', 'acme.bitrix24.com'],
    [`${CYRILLIC}:8443`, 'портал.рф:8443'],
    [`crm.${CYRILLIC}/b24`, 'crm.портал.рф/b24'],
    ['[::1]:4000', '[::1]:4000'],
    ['xn--.com', 'xn--.com'],
  ])('%s is shown as %s', (address, words) => {
    expect(shown(address)).toBe(words);
  });
});
