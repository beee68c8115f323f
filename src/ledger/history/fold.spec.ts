import { expect, it } from '@jest/globals';
import { anywhere, fold } from './fold.js';

it.each([
  ['Клиент НЕ найден', 'клиент не найден'],
  ['ΟΔΟΣ Σίσυφος', 'οδος σίσυφοσ'],
  ['Straße', 'STRASSE'],
  ['STRAẞE', 'strasse'],
  // Turkish, whose capital i has a dot and whose small one may have none.
  ['İstanbul', 'istanbul'],
  ['DIYARBAKIR', 'dıyarbakır'],
  ['ISTANBUL', 'ıstanbul'],
  // Composed or not.
  ['caf\u00e9 \u0439', 'CAFE\u0301 \u0418\u0306'],
  ['ﬁle １２', 'FILE 12'],
  ['a  b\n\tc ', 'a b c'],
  ['ԱԲԳ', 'աբգ'],
])('%j and %j are one', (left, right) => {
  expect(fold(left)).toBe(fold(right));
  // To fold what is folded changes nothing.
  expect(fold(fold(left))).toBe(fold(left));
});

it('half a surrogate pair and a zero byte become what a database takes', () => {
  expect(fold('a\ud800b\0c')).toBe('a\ufffdb c');
});

it('signs that LIKE knows stand for themselves', () => {
  expect(anywhere('100%_\\')).toBe('%100\\%\\_\\\\%');
});
