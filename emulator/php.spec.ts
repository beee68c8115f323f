import { describe, expect, it } from '@jest/globals';
import { asPhp, PhpArray, phpInt, phpJson, phpJsonDecode, phpMap, phpValue } from './php.js';

describe('PHP values', () => {
  it.each([
    ['12abc', 12],
    ['abc', 0],
    ['-3', -3],
    [true, 1],
    [false, 0],
    [2.9, 2],
    [null, 0],
    ['1e3', 1000],
  ])('intval(%p) = %p', (value, expected) => {
    expect(phpInt(value)).toBe(expected);
  });

  it('prints an empty map as [] and one keyed 0, 1, 2 as a list', () => {
    expect(phpMap({})).toEqual([]);
    expect(phpMap({ '0': 'a', '1': 'b' })).toEqual(['a', 'b']);
    expect(phpMap({ '1': 'b' })).toEqual({ '1': 'b' });
    const backwards = new PhpArray([
      ['1', 'b'],
      ['0', 'a'],
    ]);
    expect(phpMap(backwards)).toEqual({ '0': 'a', '1': 'b' });
    expect(phpValue({ a: {}, b: [{}] })).toEqual({ a: [], b: [[]] });
  });

  it('keeps the order of a JSON object’s names, whole numbers too, and what stands in its texts', () => {
    const text = '{"b":{"10":"x","9":[{"2":1,"1":2}]},"7":"a \\"3\\": b","a\\"1":null,"3" : true}';
    const read = phpJsonDecode(text) as PhpArray;
    expect(read).toBeInstanceOf(PhpArray);
    expect([...read.keys()]).toEqual(['b', '7', 'a"1', '3']);
    expect([...(read.get('b') as PhpArray).keys()]).toEqual(['10', '9']);
    expect(phpValue(read)).toEqual(JSON.parse(text));
    expect(phpJsonDecode('[1,"2"]')).toEqual(asPhp([1, '2']));
    expect(() => phpJsonDecode('{"1":')).toThrow(SyntaxError);
  });

  it('escapes json as the portal does before it hashes it', () => {
    expect(phpJson({ a: 'Ж/<b>"&\'' })).toBe('{"a":"\\u0416\\/\\u003Cb\\u003E\\u0022\\u0026\\u0027"}');
    expect(phpJson(false)).toBe('false');
  });
});
