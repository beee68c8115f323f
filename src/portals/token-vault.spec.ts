import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { TokenVault, TokenVaultError } from './token-vault.js';

const key = () => randomBytes(32).toString('base64');

describe('the token vault', () => {
  it('gives back what it sealed, and never seals twice alike', () => {
    const vault = new TokenVault(key());
    const [once, again] = [vault.seal('refresh-1'), vault.seal('refresh-1')];
    expect(once).not.toContain('refresh-1');
    expect(once).not.toBe(again);
    expect([vault.open(once), vault.open(again)]).toEqual(['refresh-1', 'refresh-1']);
  });

  it('stores in clear without a key, and reads that after a key was set', () => {
    const stored = new TokenVault(undefined).seal('refresh-1');
    expect(stored).toBe('refresh-1');
    expect(new TokenVault(key()).open(stored)).toBe('refresh-1');
  });

  it('says which fault it is: no key, another key, damage', () => {
    const vault = new TokenVault(key());
    const sealed = vault.seal('refresh-1');
    expect(() => new TokenVault(undefined).open(sealed)).toThrow(/TOKEN_ENCRYPTION_KEY is not set/);
    expect(() => new TokenVault(key()).open(sealed)).toThrow(/another key/);
    expect(() => vault.open(sealed.slice(0, -3))).toThrow(TokenVaultError);
  });
});
