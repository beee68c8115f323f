import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutToBytes, fitsShortstr } from './shortstr.js';

describe('fitsShortstr', () => {
  it.each([
    ['', true],
    ['a'.repeat(255), true],
    ['a'.repeat(256), false],
    ['é'.repeat(127), true],
    ['é'.repeat(128), false],
    ['😀'.repeat(63), true],
    ['😀'.repeat(64), false],
    ['語'.repeat(85), true],
    ['語'.repeat(86), false],
  ])('%j: %s', (text, fits) => {
    expect(fitsShortstr(text)).toBe(fits);
  });
});

describe('cutToBytes', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc'],
    ['aé', 2, 'a'],
    ['aé', 3, 'aé'],
    ['😀😀', 7, '😀'],
    ['😀', 3, ''],
    ['', 0, ''],
    ['a', 0, ''],
  ])('%j in %d bytes: %j', (text, bytes, cut) => {
    expect(cutToBytes(text, bytes)).toBe(cut);
  });

  it('keeps the longest start of whole characters that fits', () => {
    const unit = fc.constantFrom('a', 'é', '語', '😀');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), fc.nat(60), (units, bytes) => {
        let expected = '';
        for (const character of units) {
          if (Buffer.byteLength(expected + character) > bytes) break;
          expected += character;
        }
        expect(cutToBytes(units.join(''), bytes)).toBe(expected);
      }),
    );
  });
});
