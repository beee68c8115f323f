import { describe, expect, it } from '@jest/globals';
import { answeredUnder, keysToFinish, parseKeys, type SourceKeys, writeKeys } from './source-keys.js';

const after = (...keys: string[]) =>
  keys.reduce<SourceKeys>((before, key) => answeredUnder(before, key), { present: null, former: [] });

describe('the source keys of a portal', () => {
  it.each([
    [['a'], 'a', []],
    [['', 'a'], 'a', ['']],
    [['a', ''], '', ['a']],
    [['a', 'b', 'a'], 'a', ['b']],
    [['a', 'b', 'c'], 'c', ['a', 'b']],
    [['a', 'a'], 'a', []],
  ])('after %j it has %j and %j to finish', (keys, present, former) => {
    expect(after(...keys)).toEqual({ present, former });
  });

  it('that has not answered under its new key yet still finishes the one before', () => {
    expect(keysToFinish(after('a', 'b'), 'c')).toEqual(['a', 'b']);
    expect(keysToFinish(after('a', 'b'), 'a')).toEqual(['b']);
  });

  it('are stored as they are', () => {
    expect(parseKeys(writeKeys(['', 'ключ "1"']))).toEqual(['', 'ключ "1"']);
    expect(parseKeys(writeKeys([]))).toEqual([]);
  });
});
