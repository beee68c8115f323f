import { describe, expect, it } from '@jest/globals';
import { parseCommand, parseStr, phpInt, phpJson, phpMap, phpValue } from './php.js';

describe('parseStr', () => {
  it('reads nested names, lists and plus signs', () => {
    expect(parseStr('a=1&b[x][y]=2&c[]=3&c[]=4&d=two+words%21&e')).toEqual({
      a: '1',
      b: { x: { y: '2' } },
      c: { '0': '3', '1': '4' },
      d: 'two words!',
      e: '',
    });
  });

  it('keeps the first 1000 variables and drops the rest silently', () => {
    const query = Array.from({ length: 1200 }, (_, i) => `message_id[${i}]=${i}`).join('&');
    const read = parseStr(`process_id=p&${query}`);
    expect(Object.keys(read['message_id'] as object)).toHaveLength(999);
    expect(read['process_id']).toBe('p');
  });

  it('ends a name at its first equals sign, so an unencoded operator breaks the filter', () => {
    expect(parseStr('filter[<=ID]=5')).toEqual({ 'filter_<': 'ID]=5' });
    expect(parseStr('filter%5B%3C%3DID%5D=5')).toEqual({ filter: { '<=ID': '5' } });
  });

  it('turns dots and spaces of a plain name into underscores and survives broken escapes', () => {
    expect(parseStr('a.b c=1&x=%zz%D0%94')).toEqual({ a_b_c: '1', x: '%zzД' });
  });
});

describe('parseCommand', () => {
  it('cuts a command at a bare # and keeps an encoded one', () => {
    expect(parseCommand('event.offline.error?process_id=p&message_id[0]=a#b&message_id[1]=c')).toEqual({
      method: 'event.offline.error',
      query: 'process_id=p&message_id[0]=a',
    });
    expect(parseCommand('m?x=a%23b').query).toBe('x=a%23b');
    expect(parseCommand('event.get')).toEqual({ method: 'event.get', query: '' });
  });
});

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
    expect(phpValue({ a: {}, b: [{}] })).toEqual({ a: [], b: [[]] });
  });

  it('escapes json as the portal does before it hashes it', () => {
    expect(phpJson({ a: 'Ж/<b>"&\'' })).toBe('{"a":"\\u0416\\/\\u003Cb\\u003E\\u0022\\u0026\\u0027"}');
    expect(phpJson(false)).toBe('false');
  });
});
