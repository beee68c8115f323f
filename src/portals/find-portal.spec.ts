import { describe, expect, it } from '@jest/globals';
import { portalMeant, SeveralPortals } from './find-portal.js';

const portal = (name: string, address: string, state: 'active' | 'uninstalled' = 'active') => ({
  name,
  memberId: `member-${name}`,
  domain: address.split('/')[0] ?? '',
  clientEndpoint: `https://${address}/rest/`,
  state,
  stateSince: 0,
});
const alone = portal('acme', 'acme.bitrix24.com');
const main = portal('main', 'crm.example/main');
const spare = portal('spare', 'crm.example/spare');
const gone = portal('gone', 'crm.example/gone', 'uninstalled');
const all = [alone, main, spare, gone];

describe('the one portal that a person means', () => {
  it.each([
    ['its name', 'ACME', alone],
    ['its member id', 'member-main', main],
    ['its address', 'https://acme.bitrix24.com/', alone],
    ['the address of its folder', 'crm.example/spare', spare],
    ['the address of one that is gone', 'crm.example/gone', gone],
    ['what nobody has', 'globex', undefined],
  ])('is told by %s', (_what, word, meant) => {
    expect(portalMeant(all, word)).toBe(meant);
  });

  it('is not guessed among several, which are named', () => {
    expect(() => portalMeant(all, 'crm.example')).toThrow(
      new SeveralPortals('crm.example', ['main', 'spare']),
    );
    expect(() => portalMeant(all, 'crm.example')).toThrow(/name one of main, spare$/);
    // The only one that is alive.
    expect(portalMeant([alone, main, gone], 'crm.example')).toBe(main);
  });

  it('is the latest of those of which none is alive', () => {
    const later = { ...portal('later', 'crm.example/later', 'uninstalled'), stateSince: 5 };
    expect(portalMeant([gone, later], 'crm.example')).toBe(later);
  });
});
