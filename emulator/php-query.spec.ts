import { describe, expect, it } from '@jest/globals';
import { phpValue, type PhpArray } from './php.js';
import { parseCommand, parseStr } from './php-query.js';

const plain = (query: string): Record<string, unknown> =>
  phpValue(parseStr(query)) as Record<string, unknown>;

describe('parseStr', () => {
  it('reads nested names, lists and plus signs', () => {
    expect(plain('a=1&b[x][y]=2&c[]=3&c[]=4&d=two+words%21&e')).toEqual({
      a: '1',
      b: { x: { y: '2' } },
      c: ['3', '4'],
      d: 'two words!',
      e: '',
    });
  });

  it('keeps the first 1000 variables and drops the rest silently', () => {
    const query = Array.from({ length: 1200 }, (_, i) => `message_id[${i}]=${i}`).join('&');
    const read = plain(`process_id=p&${query}`);
    expect(Object.keys(read['message_id'] as object)).toHaveLength(999);
    expect(read['process_id']).toBe('p');
  });

  it('ends a name at its first equals sign, so an unencoded operator breaks the filter', () => {
    expect(plain('filter[<=ID]=5')).toEqual({ 'filter_<': 'ID]=5' });
    expect(plain('filter%5B%3C%3DID%5D=5')).toEqual({ filter: { '<=ID': '5' } });
  });

  it.each([
    // Before the first bracket: blanks in front go, other blanks and dots become underscores.
    ['+a.b+c+=1', { a_b_c_: '1' }],
    ['a%20b[c]=1', { a_b: { c: '1' } }],
    // Inside of brackets everything stays, blanks and dots too; a single blank is no name.
    ['a[+b+]=1', { a: { ' b ': '1' } }],
    ['a[b.c][d+e]=1', { a: { 'b.c': { 'd e': '1' } } }],
    ['a[+]=1&a[%09]=2&a[++]=3', { a: { '0': '1', '1': '2', '  ': '3' } }],
    // A bracket without an end is none; what follows an end and is no bracket is ignored.
    ['a[b.c[d=1', { a_b_c_d: '1' }],
    ['a[b][c=1', { a: { b: '1' } }],
    ['a[b]c.d[e]=1', { a: { b: '1' } }],
    ['a]b=1', { 'a]b': '1' }],
    // No name, nothing.
    ['=1&+=2&[a]=3&%00=4', []],
    ['a%00b=1', { a: '1' }],
    ['a=1&a[b]=2', { a: { b: '2' } }],
    ['a[b]=1&a=2', { a: '2' }],
    ['a[5]=x&a[]=y&a[x]=z&a[]=w', { a: { '5': 'x', '6': 'y', x: 'z', '7': 'w' } }],
    [
      '__proto__[a]=1&constructor=2',
      Object.fromEntries([
        ['__proto__', { a: '1' }],
        ['constructor', '2'],
      ]),
    ],
  ])('reads %s as PHP does', (query, expected) => {
    expect(plain(query)).toEqual(expected);
  });

  it('keeps variables in the order in which they came, whole numbers too', () => {
    expect([...(parseStr('cmd[b]=1&cmd[10]=2&cmd[9]=3').get('cmd') as PhpArray).keys()]).toEqual([
      'b',
      '10',
      '9',
    ]);
  });

  it('drops a name with more than 64 brackets', () => {
    expect(parseStr(`a${'[b]'.repeat(65)}=1`).size).toBe(0);
    expect(parseStr(`a${'[b]'.repeat(64)}=1`).size).toBe(1);
  });

  it('turns dots and spaces of a plain name into underscores and survives broken escapes', () => {
    expect(plain('a.b c=1&x=%zz%D0%94')).toEqual({ a_b_c: '1', x: '%zzД' });
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
