import { describe, expect, it } from '@jest/globals';
import { readableJson } from './readable-json.js';

const lists = (levels: number, heart = '') => '['.repeat(levels) + heart + ']'.repeat(levels);
const maps = (levels: number) => '{"a":'.repeat(levels) + '7' + '}'.repeat(levels);

describe('an error shown as JSON', () => {
  it.each([
    'null',
    '7',
    '[]',
    '{}',
    '{"code":42,"of":[{"a":null}]}',
    '{"__proto__":{"b":1}}',
    lists(20),
    maps(20),
  ])('%s stays as it is', (text) => {
    expect(readableJson(JSON.parse(text))).toBe(text);
  });

  it.each([21, 1_000, 500_000])('%d levels: the inner ones are left out, the others still tell', (levels) => {
    expect(readableJson(JSON.parse(maps(levels)))).toBe(`${'{"a":'.repeat(20)}"…"${'}'.repeat(20)}`);
    expect(readableJson(JSON.parse(`{"code":42,"cause":${lists(levels)}}`))).toBe(
      `{"code":42,"cause":${lists(19, '"…"')}}`,
    );
  });

  it.each([21, 1_000, 500_000])('%d brackets and nothing else are not shown at all', (levels) => {
    expect(readableJson(JSON.parse(lists(levels)))).toBeNull();
    expect(readableJson(JSON.parse(lists(levels, '7')))).toBeNull();
  });
});
