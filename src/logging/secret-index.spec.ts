import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SecretIndex } from './secret-index.js';

const LONG = 'a-token-of-some-portal';

describe('secrets that are looked for in a text', () => {
  const index = (...secrets: string[]) => {
    const made = new SecretIndex();
    for (const secret of secrets) made.add(secret);
    return made;
  };

  it('are found wherever they stand, the longer ones first', () => {
    const secrets = index('short', LONG, `${LONG}-and-more`, 'another-token-that-is-long');
    expect(secrets.foundIn(`${LONG}-and-more`)).toEqual([`${LONG}-and-more`, LONG]);
    expect(secrets.foundIn(`x${LONG}`)).toEqual([LONG]);
    expect(secrets.foundIn('in short, no')).toEqual(['short']);
    expect(secrets.foundIn(LONG.slice(0, -1))).toEqual([]);
    expect(secrets.foundIn('')).toEqual([]);
  });

  it('are known as long as somebody has them', () => {
    const secrets = index(LONG, LONG, 'short', 'short', '');
    for (const secret of [LONG, 'short']) {
      secrets.remove(secret);
      expect(secrets.foundIn(secret)).toEqual([secret]);
      secrets.remove(secret);
      expect(secrets.foundIn(secret)).toEqual([]);
      secrets.remove(secret);
    }
    secrets.add(LONG);
    secrets.clear();
    expect(secrets.foundIn(LONG)).toEqual([]);
  });

  it('are the same as if each was looked for', () => {
    const word = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', '\n', 'é'), maxLength: 24 }),
      // Many that begin alike.
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 4 }).map((end) => 'a'.repeat(16) + end),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), fc.array(word, { maxLength: 8 }), (secrets, rest) => {
        const known = index(...secrets, ...rest);
        for (const secret of rest) known.remove(secret);
        const text = [...rest, ...secrets.slice(0, 3)].join('a');
        const wanted = new Set(secrets.filter((secret) => secret !== '' && text.includes(secret)));
        expect(new Set(known.foundIn(text))).toEqual(wanted);
      }),
    );
  });
});
