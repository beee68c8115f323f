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
  ])('%j lets %s in', (entries, endpoint) => {
    expect(allows(entries, endpoint)).toBe(true);
  });

  it.each([
    [['acme.bitrix24.com'], 'https://evil-acme.bitrix24.com/rest/'],
    [['acme.bitrix24.com'], 'https://acme.bitrix24.com.evil.example/rest/'],
    [['acme.bitrix24.com'], 'https://evil.example/acme.bitrix24.com/rest/'],
    [['acme.localhost:4000'], 'http://acme.localhost:4001/rest/'],
    [['*.acme.com'], 'https://acme.com/rest/'],
    [['*.acme.com'], 'https://evilacme.com/rest/'],
    [['*.acme.com'], 'https://crm.acme.com.evil.example/rest/'],
    [['b'.repeat(32)], 'https://acme.bitrix24.com/rest/'],
    [[], 'https://acme.bitrix24.com/rest/'],
  ])('%j keeps %s out', (entries, endpoint) => {
    expect(allows(entries, endpoint)).toBe(false);
  });
});
