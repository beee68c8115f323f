import { describe, expect, it } from '@jest/globals';
import { redirectError } from './redirect.js';

const about = (location: string | null, requested = 'https://acme.bitrix24.com/rest/batch') => {
  const { action, code, executed, description } = redirectError('batch', 302, requested, location);
  return { action, code, executed, description };
};

describe('a redirect', () => {
  it.each([
    ['https://new.bitrix24.com/rest/batch?auth=secret#x', 'https://new.bitrix24.com/rest/batch'],
    ['/auth/?backurl=%2Frest', 'https://acme.bitrix24.com/auth/'],
    ['//other.example/a', 'https://other.example/a'],
    ['https://u:p@other.example:8443/a', 'https://other.example:8443/a'],
    ['https://xn--80awhdgm.xn--p1ai/', 'https://портал.рф/'],
    ['javascript:alert(1)', 'a javascript: address'],
    ['https://[', 'nowhere'],
    [null, 'nowhere'],
  ])('to %s is named without its query', (location, place) => {
    expect(about(location)).toEqual({
      action: 'configuration',
      code: 'REDIRECTED',
      executed: 'unknown',
      description: `redirected to ${place}, which is not followed`,
    });
  });

  it.each([
    ['/bitrix/coupon_activation.php', 'https://acme.bitrix24.com/bitrix/coupon_activation.php'],
    ['/b24/bitrix/coupon_activation.php?x=1', 'https://acme.bitrix24.com/b24/bitrix/coupon_activation.php'],
  ])('to %s means that the licence has expired', (location, place) => {
    expect(about(location)).toMatchObject({
      action: 'suspend',
      code: 'LICENSE_EXPIRED',
      description: expect.stringMatching(`licence .* has expired.* ${place}$`),
    });
  });

  it('from http to https says what to do', () => {
    const { description } = about('https://b24.local/rest/batch', 'http://b24.local/rest/batch');
    expect(description).toContain('use https:// in its address');
    expect(about('https://other/rest/batch', 'http://b24.local/rest/batch').description).not.toContain('use');
  });
});
