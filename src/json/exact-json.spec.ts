import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson, writeAnyJson, writeJson } from './exact-json.js';
import { ExactNumber } from './exact-number.js';

const NUMBERS = [
  '9007199254740993',
  '-9007199254740993',
  '123456789012345678901234567890',
  '1.0',
  '100.00',
  '0.10',
  '1e400',
  '-1e400',
  '1e-400',
  '-0',
  '-0.0',
  '0e0',
  '1E5',
  '1e5',
  '1e+21',
  '1.50E-07',
  '0.1000000000000000055511151231257827',
  '7',
  '-1',
  '0',
  '1.5',
  '1721298751.123456',
];

describe('JSON with every digit', () => {
  it.each(NUMBERS)('gives %s back as it was, wherever it stands', (number) => {
    for (const text of [
      number,
      `[${number}]`,
      `[1,${number},2]`,
      `{"a":${number}}`,
      `{"a":{"b":[${number},"${number}","\\"${number}"]}}`,
      `{"${number}":${number},"":"\\\\","z":${number}}`,
    ]) {
      expect(writeJson(parseJson(text))).toBe(text);
    }
    expect(writeJson(parseJson(` {\n "a" : ${number} , "b":\t[ ${number}\n] } `))).toBe(
      `{"a":${number},"b":[${number}]}`,
    );
    expect(writeJson(parseJson(`{"a":${number}}`), 2)).toBe(`{\n  "a": ${number}\n}`);
  });

  it('reads everything else as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', '1.0'), (json, odd) => {
        const text = odd === '' ? json : `[${json},${odd}]`;
        const value = parseJson(text);
        expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)));
        // Nothing that can be drawn here is odd by itself, save a number that JSON.stringify spells in its own way.
        if (odd !== '') expect(writeJson(value)).toMatch(/,1\.0\]$/);
      }),
    );
  });

  it('keeps any number of any spelling', () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^\\d{1,${max}}$`));
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        digits(25).map((text) => text.replace(/^0+(?=\d)/, '')),
        fc.option(digits(20), { nil: null }),
        fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(3)), {
          nil: null,
        }),
      )
      .map(
        ([sign, whole, fraction, exponent]) =>
          `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent?.join('') ?? ''}`,
      );
    fc.assert(
      fc.property(fc.array(number), (numbers) => {
        const text = `{"list":[${numbers.join(',')}]}`;
        expect(writeJson(parseJson(text))).toBe(text);
      }),
    );
  });

  it('leaves numbers that JavaScript keeps as they are, and texts', () => {
    expect(parseJson('[1,1.5,"1.0",":9007199254740993"]')).toEqual([1, 1.5, '1.0', ':9007199254740993']);
    expect(parseJson('[1.0,1,1.5,"1.0"]')).toEqual([new ExactNumber('1.0'), 1, 1.5, '1.0']);
  });

  it.each(['[01.0]', '[1.]', '[.5]', '[+1.0]', '[1.0,]', '{"a":1.0', '[1e]', "['1.0']", '', '1.0 2'])(
    'refuses %s',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );

  it('has no trap in names: __proto__, the same one twice', () => {
    const odd = parseJson('{"__proto__":1.0,"a":{"__proto__":{"x":1.0}},"b":1.0,"b":2.0}') as object;
    expect(Object.getPrototypeOf(odd)).toBe(Object.prototype);
    expect(writeJson(odd)).toBe('{"__proto__":1.0,"a":{"__proto__":{"x":1.0}},"b":2.0}');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('reads what is nested as deep as anything', () => {
    const deep = `${'['.repeat(100_000)}1.0${']'.repeat(100_000)}`;
    let inner = parseJson(deep);
    while (Array.isArray(inner)) inner = inner[0] as unknown;
    expect(inner).toEqual(new ExactNumber('1.0'));
  });

  it('writes what is nested as deep as anything', () => {
    const deep = `${'{"a":[1.0,{},"\\"",'.repeat(10_000)}null${']}'.repeat(10_000)}`;
    expect(writeAnyJson(parseJson(deep))).toBe(deep);
    expect(writeAnyJson({ x: parseJson(deep), y: undefined, z: [true] }, 2)).toBe(`{"x":${deep},"z":[true]}`);
  });

  it('is in step with values that have a form of their own', () => {
    expect(writeJson({ at: new Date(0), n: parseJson('1.0'), u: undefined, l: [undefined] })).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","n":1.0,"l":[null]}',
    );
    // Whatever else reads it gets a number.
    expect(JSON.stringify([new ExactNumber('9007199254740993')])).toBe('[9007199254740992]');
    expect(Number(new ExactNumber('1E2')) + 1).toBe(101);
    expect(`${String(new ExactNumber('1E2'))}`).toBe('1E2');
    expect(structuredClone(new ExactNumber('1.0')).valueOf()).toBe(1);
  });
});
