import { Verbatim } from './verbatim.js';

/**
 * The corners of PHP that decide what a portal makes of a request: its arrays, intval, and the way an array
 * becomes JSON. Written out here because a portal's traps are PHP's.
 */

/**
 * An array that came with a request: named values in the order in which they came. (An object would put the
 * names that are whole numbers first.)
 */
export class PhpArray extends Map<string, unknown> {}

/** Whether PHP would call it an array. */
export function isPhpArray(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function phpEntries(array: object): [string, unknown][] {
  return array instanceof Map ? [...(array as PhpArray)] : Object.entries(array);
}

/** PHP's `isset($array[$key]) ? … : null`. */
export function phpGet(array: object, key: string): unknown {
  const own = array instanceof Map ? array.has(key) : Object.hasOwn(array, key);
  if (!own) return undefined;
  const value: unknown = array instanceof Map ? array.get(key) : (array as Record<string, unknown>)[key];
  return value === null ? undefined : value;
}

export function changeKeyCase(array: object, to: 'lower' | 'upper'): PhpArray {
  const result = new PhpArray();
  for (const [key, value] of phpEntries(array)) {
    result.set(to === 'lower' ? key.toLowerCase() : key.toUpperCase(), value);
  }
  return result;
}

/** A JSON value as PHP holds it: every list and every object is an array. */
export function asPhp(value: unknown): unknown {
  if (!isPhpArray(value)) return value;
  return new PhpArray(phpEntries(value).map(([key, inner]) => [key, asPhp(inner)]));
}

/** PHP's json_decode. @throws SyntaxError */
export function phpJsonDecode(text: string): unknown {
  if (!/"\d+"\s*:/.test(text)) return asPhp(JSON.parse(text));
  // With a mark before it no name is a whole number, and all of them stay in their order.
  const marked = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/gs, (string, colon?: string) =>
    colon === undefined ? string : `"~${string.slice(1)}`,
  );
  const unmark = (value: unknown): unknown => {
    if (Array.isArray(value))
      return new PhpArray(value.map((inner, index) => [String(index), unmark(inner)]));
    if (!isPhpArray(value)) return value;
    return new PhpArray(Object.entries(value).map(([name, inner]) => [name.slice(1), unmark(inner)]));
  };
  return unmark(JSON.parse(marked));
}

/** PHP's intval. */
export function phpInt(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : 0;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    const number = /^\s*[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?/i.exec(value);
    return number ? Math.trunc(Number(number[0])) : 0;
  }
  if (isPhpArray(value)) return phpEntries(value).length > 0 ? 1 : 0;
  return 0;
}

/** PHP's string conversion of a scalar; an array becomes the word `Array`. */
export function phpString(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '';
  if (isPhpArray(value)) return 'Array';
  return '';
}

/** PHP's `(bool)`. */
export function phpBool(value: unknown): boolean {
  if (typeof value === 'string') return value !== '' && value !== '0';
  if (isPhpArray(value)) return phpEntries(value).length > 0;
  return Boolean(value);
}

/** What json_encode makes of an array: `[]` when empty, a list when keyed 0, 1, 2… in this order. */
export function phpMap(array: object): unknown[] | Record<string, unknown> {
  const entries = phpEntries(array);
  return entries.every(([key], index) => key === String(index))
    ? entries.map(([, value]) => value)
    : Object.fromEntries(entries);
}

/** A value as PHP prints it: arrays as {@link phpMap} makes them, however deep. */
export function phpValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(phpValue);
  if (!isPhpArray(value)) return value;
  return phpMap(new PhpArray(phpEntries(value).map(([key, inner]) => [key, phpValue(inner)])));
}

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The portal's own json encoding: slashes, quotes, angle brackets and everything beyond ASCII escaped. */
export function phpJson(value: unknown): string {
  if (value instanceof Verbatim) return value.text;
  if (Array.isArray(value)) return `[${value.map(phpJson).join(',')}]`;
  if (isPhpArray(value)) {
    const entries = phpEntries(value).map(([key, inner]) => `${phpJson(key)}:${phpJson(inner)}`);
    return `{${entries.join(',')}}`;
  }
  if (typeof value !== 'string') return JSON.stringify(value ?? null);
  const inner = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '\\u0022').replaceAll('/', '\\/');
  const escaped = inner
    .replace(/[<>&']/g, unicodeEscape)
    .replace(/[\u0080-\uffff]/g, (character) => unicodeEscape(character).toLowerCase());
  return `"${escaped}"`;
}
