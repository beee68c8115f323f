import { describe, expect, it } from '@jest/globals';
import { AuthorizationServers } from './authorization-servers.js';

const WESTERN = 'oauth.bitrix.info';
const EASTERN = 'oauth.bitrix24.tech';
const both = new AuthorizationServers([`https://${WESTERN}`, `https://${EASTERN}/`], false);

describe('the authorization servers', () => {
  it.each([
    ['https://oauth.bitrix24.tech/rest/', EASTERN],
    ['https://OAUTH.BITRIX24.TECH:443/rest/', EASTERN],
    ['https://oauth.bitrix24.tech./rest/', EASTERN],
    ['oauth.bitrix.info', WESTERN],
    ['https://oauth.bitrix24.tech:8443/rest/', null],
    ['https://oauth.bitrix24.tech.evil.example/rest/', null],
    ['https://oauth.bitrix24.tech@evil.example/rest/', null],
    ['https://evil.example/oauth.bitrix24.tech', null],
    ['https://evil.example/#://oauth.bitrix24.tech', null],
    ['javascript:alert(1)', null],
    ['//', null],
    ['', null],
    [null, null],
    [undefined, null],
  ])('%s names %s', (told, host) => {
    expect(both.named(told)).toBe(host);
  });

  it('are told apart by their ports, and called at the addresses of the settings', () => {
    const local = new AuthorizationServers(['http://127.0.0.1:4001/eu', 'http://127.0.0.1:4002'], true);
    expect(local.named('http://127.0.0.1:4002/rest/')).toBe('127.0.0.1:4002');
    expect(local.named('https://127.0.0.1/rest/')).toBeNull();
    expect(local.addressOf('127.0.0.1:4001')).toBe('http://127.0.0.1:4001/eu/');
    expect(() => local.addressOf('evil.example')).toThrow(TypeError);
    expect(() => new AuthorizationServers(['http://127.0.0.1'], false)).toThrow('http://');
  });

  it.each([
    ['acme.bitrix24.com', [WESTERN, EASTERN]],
    ['acme.bitrix24.de:8443', [WESTERN, EASTERN]],
    ['', [WESTERN, EASTERN]],
    ...['ru', 'by', 'kz', 'uz', 'am', 'az', 'ge', 'kg'].map((label): [string, string[]] => [
      `zavod.bitrix24.${label}`,
      [EASTERN, WESTERN],
    ]),
    ['Portal.Zavod.RU:8443', [EASTERN, WESTERN]],
    ['portal.zavod.ru.', [EASTERN, WESTERN]],
    ['портал.рф', [EASTERN, WESTERN]],
    ['ru.example.com', [WESTERN, EASTERN]],
  ])('are asked about %s in the order %j where nothing has told', (domain, order) => {
    expect(both.candidates({ domain })).toEqual(order);
    expect(both.candidates({ domain, told: 'https://evil.example/' })).toEqual(order);
    const turned = new AuthorizationServers([`https://${EASTERN}`, `https://${WESTERN}`], false);
    expect(turned.candidates({ domain })).toEqual(order);
  });

  it('are asked alone where one was told', () => {
    expect(both.candidates({ domain: 'acme.bitrix24.com', told: EASTERN })).toEqual([EASTERN]);
    // A token of ours is worth more than what was told.
    expect(both.candidates({ told: EASTERN, granted: true })).toEqual([EASTERN, WESTERN]);
    const relay = new AuthorizationServers(['https://relay.example'], false);
    // What the operator configured instead of the two takes everything.
    expect(relay.candidates({ domain: 'zavod.bitrix24.ru', told: EASTERN })).toEqual(['relay.example']);
  });

  it("of the operator, where neither is the vendor's, go by their places", () => {
    const own = new AuthorizationServers(['https://a.example', 'https://b.example'], false);
    expect(own.candidates({ domain: 'x.ru' })).toEqual(['b.example', 'a.example']);
    expect(own.candidates({ domain: 'x.com' })).toEqual(['a.example', 'b.example']);
  });
});
