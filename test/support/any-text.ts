import fc from 'fast-check';

const SURROGATES_FROM = 0xd800;
const SURROGATES = 0x800;

/**
 * Any character of Unicode, control characters too, but no half ones: what fast-check calls `unit: 'binary'`, without
 * its table of a million characters, which takes a second to build in every suite.
 */
const anyCharacter = fc.nat({ max: 0x10ffff - SURROGATES }).map(
  (index) => String.fromCodePoint(index < SURROGATES_FROM ? index : index + SURROGATES),
  (character) => {
    const [only = '', ...more] = typeof character === 'string' ? character : '';
    const point = only.codePointAt(0);
    if (point === undefined || more.length > 0) throw new Error('not one character');
    if (point < SURROGATES_FROM) return point;
    if (point < SURROGATES_FROM + SURROGATES) throw new Error('half a character');
    return point - SURROGATES;
  },
);

/** Any text, up to `maxLength` characters. */
export const anyText = (constraints: { readonly maxLength?: number } = {}): fc.Arbitrary<string> =>
  fc.string({ ...constraints, unit: anyCharacter });
