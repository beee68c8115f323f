import { describe, expect, it } from '@jest/globals';
import { AllowedPortals } from './allowed-portals.js';

const MEMBER = 'a223c6b3710f85df22e9377d6c4f7553';
const allows = (entries: string[], endpoint: string, member = MEMBER) =>
  new AllowedPortals(entries).allows(member, endpoint);

describe('allowed portals', () => {
  it.each([
    [['*'], 'https://any.example/rest/'],
    [['acme.bitrix24.com'], 'https://acme.bitrix24.com/rest/'],
    [['ACME.bitrix24.com'], 'https://Acme.Bitrix24.com/rest/'],
    [['acme.localhost'], 'http://acme.localhost:4000/rest/'],
    [['acme.localhost:4000'], 'http://acme.localhost:4000/rest/'],
    [['*.acme.com'], 'https://crm.acme.com/rest/'],
    [['*.acme.com'], 'https://deep.crm.acme.com:8443/rest/'],
    [['other.example', MEMBER], 'https://anywhere.example/rest/'],
    [[MEMBER.toUpperCase()], 'https://anywhere.example/rest/'],
    // As a host it would be a number that is too large.
    [['1'.repeat(32)], 'https://anywhere.example/rest/', '1'.repeat(32)],
    [['*.портал.рф'], 'https://crm.xn--80awhdgm.xn--p1ai/rest/'],
    [['ПОРТАЛ.рф'], 'https://xn--80awhdgm.xn--p1ai:8443/rest/'],
    [['acme.com.'], 'https://acme.com/rest/'],
    [['acme.com:443'], 'https://acme.com./rest/'],
    [['b24_test.local'], 'https://b24_test.local/rest/'],
    [['[::1]:4000'], 'http://[::1]:4000/rest/'],
    [['[::1]'], 'http://[::1]:4000/rest/'],
    [['*.acme.com:8443'], 'https://crm.acme.com:8443/rest/'],
    [['host/b24'], 'https://host/b24/rest/'],
    [['acme.com'], 'https://ACME.com:443/rest/'],
    [['acme.com'], 'http://acme.com/rest/'],
    // The same host to whoever asks a URL.
    [['acme.com'], 'https://ａｃｍｅ.com/rest/'],
    [['acme.com'], 'https://%61cme.com/rest/'],
    [['acme.com'], 'https://acme。com/rest/'],
    [['127.0.0.1'], 'https://0x7f.1/rest/'],
    [['[::1]'], 'https://[0:0:0:0:0:0:0:1]/rest/'],
  ])('%j lets %s in', (entries, endpoint, member = MEMBER) => {
    expect(allows(entries, endpoint, member)).toBe(true);
  });

  it.each([
    [['acme.bitrix24.com'], 'https://evil-acme.bitrix24.com/rest/'],
    [['acme.bitrix24.com'], 'https://acme.bitrix24.com.evil.example/rest/'],
    [['acme.bitrix24.com'], 'https://evil.example/acme.bitrix24.com/rest/'],
    [['acme.localhost:4000'], 'http://acme.localhost:4001/rest/'],
    [['*.acme.com'], 'https://acme.com/rest/'],
    [['*.acme.com'], 'https://evilacme.com/rest/'],
    [['*.acme.com'], 'https://crm.acme.com.evil.example/rest/'],
    [['*.портал.рф'], 'https://xn--80awhdgm.xn--p1ai/rest/'],
    // Latin and Cyrillic letters that look the same.
    [['acme.com'], 'https://xn--cme-5cd.com/rest/'],
    [['*.acme.com:8443'], 'https://crm.acme.com/rest/'],
    [['host/b24'], 'https://host/other/rest/'],
    [['acme.com'], 'https://acme.com@evil.example/rest/'],
    [['acme.com'], 'https://acme.com../rest/'],
    [['acme.com'], 'https://evil.example/rest/?https://acme.com/rest/'],
    [['acme.com'], 'https://evil.example/#acme.com'],
    [['acme.com:443'], 'http://acme.com/rest/'],
    [['host/b24'], 'https://host/b24/../other/rest/'],
    [['host/b24'], 'https://host/B24/rest/'],
    [['b'.repeat(32)], 'https://acme.bitrix24.com/rest/'],
    [[], 'https://acme.bitrix24.com/rest/'],
  ])('%j keeps %s out', (entries, endpoint) => {
    expect(allows(entries, endpoint)).toBe(false);
  });
});

describe('an address', () => {
  it.each([
    [['acme.com'], 'evil.example', true],
    [['*.acme.com'], 'acme.com', true],
    [['acme.com'], 'acme.com:8443', false],
    [['*.портал.рф'], 'crm.ПОРТАЛ.рф', false],
    // Whose member id it has is told by the authorization server alone.
    [['acme.com', MEMBER], 'evil.example', false],
    [['*'], 'evil.example', false],
  ])('with %j, %s: ruled out is %s', (entries, address, ruledOut) => {
    expect(new AllowedPortals(entries).rulesOut(address)).toBe(ruledOut);
  });
});
