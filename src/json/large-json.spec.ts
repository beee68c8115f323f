import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson, writeJson } from './exact-json.js';
import { TooMuchJson } from './json-structure.js';
import { readJson } from './large-json.js';
import { inForm } from '../../test/support/form.js';

const NO_LIMITS = { values: Number.MAX_SAFE_INTEGER, depth: Number.MAX_SAFE_INTEGER };
const read = (text: string, limits = NO_LIMITS) => readJson(Buffer.from(text), limits);
/** More than is read in one go. */
const PADDING = 'x'.repeat(70_000);

/** Pads texts so that parts are large at any place, and writes blanks where JSON allows them. */
const large = fc
  .tuple(
    fc.jsonValue({ maxDepth: 6 }),
    fc.jsonValue({ maxDepth: 3 }),
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom(undefined, 1, '\t'),
  )
  .map(([first, second, where, indent]) => {
    const rows = Array.from({ length: 3000 }, (_, index) => ({ ID: String(index), a: [second] }));
    const value = [
      { first, rows, second, PADDING },
      [first, { deep: { deeper: rows, ['__proto__x']: first } }, second, PADDING],
      { a: first, b: [[PADDING, second], { c: { d: PADDING } }, []] },
      [rows, rows, first],
    ][where];
    return JSON.stringify(value, null, indent);
  });

describe('JSON in slices', () => {
  it('is read as in one go', async () => {
    await fc.assert(
      fc.asyncProperty(large, async (text) => {
        expect(JSON.stringify(await read(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: inForm({ full: 60, small: 12 }) },
    );
  });

  it('keeps numbers as they were written, in any slice', async () => {
    const numbers = Array.from({ length: 20_000 }, (_, index) => `{"n":${index}.0,"b":9007199254740993}`);
    const text = `{"one":1.0,"list":[${numbers.join(',')}],"last":[1E5]}`;
    expect(writeJson(await read(text))).toBe(text);
  });

  it('has no trap in names: __proto__, the same one twice, one that is escaped', async () => {
    const rows = `[${Array.from({ length: 10_000 }, () => '{"a":1}').join(',')}]`;
    const text = `\uFEFF {"__proto__":${rows},"b":1,"b":${rows},"\\u0062":2,"q\\"":${rows},"":"}"} `;
    const value = (await read(text)) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text.trim().replace('\uFEFF', ''))));
  });

  const list = `[${'1,'.repeat(60_000)}1]`;
  it.each([
    `${list}]`,
    `[${list}`,
    `[${list}}`,
    `[${list},]`,
    `[,${list}]`,
    `[1 ${list}]`,
    `[${list} 1]`,
    `{"a":${list},}`,
    `{"a" ${list}}`,
    `{a:${list}}`,
    `{${list}}`,
    `{"a":1 "b":${list}}`,
    `[${'1,'.repeat(60_000)}]`,
    `[${'1,'.repeat(60_000)},1]`,
    `{"a":${list}`,
    `"${PADDING}`,
    `[${list}"a]`,
    `${list}${list}`,
    '[01.0]',
    '',
  ])('refuses what is no JSON', async (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
    await expect(read(text)).rejects.toThrow(SyntaxError);
  });

  it('reads texts, numbers and nesting of any size', async () => {
    expect(await read(`["${'я"'.replace('"', '\\"').repeat(100_000)}"]`)).toEqual(['я"'.repeat(100_000)]);
    let inner = await read(`${'['.repeat(150_000)}1.0${']'.repeat(150_000)}`);
    while (Array.isArray(inner)) inner = inner[0] as unknown;
    expect(writeJson(inner)).toBe('1.0');
  });
});

describe('what JSON may hold', () => {
  it('is counted before it is read, also where it is no JSON', async () => {
    await expect(read('['.repeat(1_000_000), { values: 1e9, depth: 100 })).rejects.toThrow(TooMuchJson);
    await expect(read('{},'.repeat(1_000_000), { values: 1000, depth: 100 })).rejects.toThrow('1000 values');
    await expect(read('[[[1]]]', { values: 10, depth: 2 })).rejects.toThrow('2 levels');
    await expect(read('[1,2,3,4]', { values: 4, depth: 9 })).rejects.toThrow(TooMuchJson);
  });

  it('counts nothing inside of texts', async () => {
    const text = JSON.stringify([',[{\\"'.repeat(1000), '\\', '[']);
    expect(await read(text, { values: 5, depth: 1 })).toEqual(JSON.parse(text));
  });

  it('lets everything else have its turn', async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const text = `[${Array.from({ length: 700_000 }, () => '{}').join(',')}]`;
    await read(text);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
  });
});
