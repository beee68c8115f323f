import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from './any-text.js';

it('any text is made of every kind of character, and of whole ones', () => {
  const texts = fc.sample(anyText({ maxLength: 60 }), { numRuns: 5000, seed: 1 });
  expect(texts.filter((text) => !text.isWellFormed() || [...text].length > 60)).toEqual([]);
  const all = texts.join('');
  for (const kind of [/\0/, /[\n\r]/, /[a-z]/, /[\x80-\uffff]/, /[\u{10000}-\u{10ffff}]/u])
    expect(all).toMatch(kind);
  expect(texts).toContain('');
  // Names that every object has are among them, as in fast-check's own texts.
  expect(texts.filter((text) => text in {}).length).toBeGreaterThan(0);
});
