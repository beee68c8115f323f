import { describe, expect, it } from '@jest/globals';
import { faultOfApiTokens, readApiTokens } from './api-tokens.js';

const A = '0123456789abcdef0123456789abcdef';
const B = 'fedcba9876543210fedcba9876543210';

describe('API_TOKEN', () => {
  it('has one or more tokens', () => {
    const text = `erp:read:${A}, ops.night-1:operate:${B}==,`;
    expect(faultOfApiTokens(text)).toBeNull();
    expect(readApiTokens(text)).toEqual([
      { name: 'erp', right: 'read', secret: A },
      { name: 'ops.night-1', right: 'operate', secret: `${B}==` },
    ]);
    expect(readApiTokens(undefined)).toEqual([]);
  });

  it.each([
    [' , ', 'names no token'],
    [A, 'token 1 is not <name>:<read or operate>:<secret>'],
    [`erp:${A}`, 'is not <name>:<read or operate>:<secret>'],
    [`erp:read:${A},ops:admin:${B}`, 'token 2 has a right that is neither read nor operate'],
    [`e rp:read:${A}`, 'has a name'],
    [`erp:read:${A.slice(1)}`, 'not 32 to 256 characters long'],
    [`erp:read:${'ab'.repeat(20)}`, 'fewer than 8 different characters'],
    [`erp:read:${A} ${A}`, 'characters other than'],
    [`erp:read:${A},erp:read:${B}`, 'two tokens of one name'],
    [`erp:read:${A},ops:operate:${A}`, 'two tokens of one secret'],
  ])('is refused without its secret: %s', (text, words) => {
    const fault = faultOfApiTokens(text) ?? '';
    expect(fault).toContain(words);
    expect(fault).not.toContain(A.slice(1));
    expect(fault).not.toContain(B);
  });
});
