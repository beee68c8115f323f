/**
 * The corners of PHP that decide what a portal makes of a request: parse_str, parse_url, intval and the
 * way an array becomes JSON. Written out here because a portal's traps are PHP's.
 */

export type PhpArray = Record<string, unknown>;

/** PHP's default for `max_input_vars`; variables beyond it are dropped without a word. */
export const MAX_INPUT_VARS = 1000;

export function emptyPhpArray(): PhpArray {
  return Object.create(null) as PhpArray;
}

export function isPhpArray(value: unknown): value is PhpArray {
  return typeof value === 'object' && value !== null;
}

export function urldecode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
    );
  }
}

function nextIndex(target: PhpArray): string {
  let next = 0;
  for (const key of Object.keys(target)) {
    if (/^\d+$/.test(key)) next = Math.max(next, Number(key) + 1);
  }
  return String(next);
}

/** Splits `a[b][]` into `['a', 'b', '']`; an unclosed bracket makes the whole name plain, as in PHP. */
function keyPath(rawKey: string): string[] {
  const key = rawKey.replace(/^ +/, '');
  const bracket = key.indexOf('[');
  const plain = (name: string): string => name.replace(/[ .]/g, '_');
  if (bracket <= 0) return [plain(key).replace('[', '_')];
  const path: string[] = [plain(key.slice(0, bracket))];
  let at = bracket;
  while (key[at] === '[') {
    const end = key.indexOf(']', at);
    if (end < 0) {
      if (path.length === 1) return [`${path[0] ?? ''}_${key.slice(at + 1)}`];
      break;
    }
    path.push(key.slice(at + 1, end).trim());
    at = end + 1;
  }
  return path;
}

function assign(target: PhpArray, path: string[], value: string): void {
  let level = target;
  for (const [depth, step] of path.entries()) {
    const key = step === '' && depth > 0 ? nextIndex(level) : step;
    if (depth === path.length - 1) {
      level[key] = value;
      return;
    }
    const inner = level[key];
    const child = isPhpArray(inner) ? inner : emptyPhpArray();
    level[key] = child;
    level = child;
  }
}

/**
 * PHP's parse_str. A name ends at its first `=` (so `filter[<=ID]` must be encoded), and everything beyond
 * `maxInputVars` variables is dropped silently.
 */
export function parseStr(query: string, maxInputVars: number = MAX_INPUT_VARS): PhpArray {
  const result = emptyPhpArray();
  let count = 0;
  for (const part of query.split('&')) {
    if (part === '') continue;
    count += 1;
    if (count > maxInputVars) break;
    const equals = part.indexOf('=');
    const key = urldecode(equals < 0 ? part : part.slice(0, equals));
    if (key.trim() === '') continue;
    assign(result, keyPath(key), equals < 0 ? '' : urldecode(part.slice(equals + 1)));
  }
  return result;
}

/** PHP's parse_url as far as a batch command needs it: a bare `#` cuts off whatever follows. */
export function parseCommand(command: string): { method: string; query: string } {
  // eslint-disable-next-line no-control-regex -- parse_url replaces control characters with an underscore
  const url = (command.split('#', 1)[0] ?? '').replace(/[\u0000-\u001f\u007f]/g, '_');
  const question = url.indexOf('?');
  if (question < 0) return { method: url, query: '' };
  return { method: url.slice(0, question), query: url.slice(question + 1) };
}

/** PHP's intval. */
export function phpInt(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : 0;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    const number = /^\s*[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?/i.exec(value);
    return number ? Math.trunc(Number(number[0])) : 0;
  }
  if (isPhpArray(value)) return Object.keys(value).length > 0 ? 1 : 0;
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
  if (isPhpArray(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** PHP's `isset($query[$key]) ? … : null`. */
export function phpGet(params: PhpArray, key: string): unknown {
  const value = Object.hasOwn(params, key) ? params[key] : undefined;
  return value === null ? undefined : value;
}

export function changeKeyCase(params: PhpArray, to: 'lower' | 'upper'): PhpArray {
  const result = emptyPhpArray();
  for (const [key, value] of Object.entries(params)) {
    result[to === 'lower' ? key.toLowerCase() : key.toUpperCase()] = value;
  }
  return result;
}

/** What json_encode makes of an associative array: `[]` when empty, a list when keyed 0, 1, 2… */
export function phpMap(entries: PhpArray): PhpArray | unknown[] {
  const keys = Object.keys(entries);
  return keys.every((key, index) => key === String(index)) ? keys.map((key) => entries[key]) : entries;
}

/** A value as PHP would hold and print it: every empty object inside becomes `[]`. */
export function phpValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(phpValue);
  if (!isPhpArray(value)) return value;
  return phpMap(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, phpValue(inner)])));
}

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The portal's own json encoding: slashes, quotes, angle brackets and everything beyond ASCII escaped. */
export function phpJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(phpJson).join(',')}]`;
  if (isPhpArray(value)) {
    const entries = Object.entries(value).map(([key, inner]) => `${phpJson(key)}:${phpJson(inner)}`);
    return `{${entries.join(',')}}`;
  }
  if (typeof value !== 'string') return JSON.stringify(value ?? null);
  const inner = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '\\u0022').replaceAll('/', '\\/');
  const escaped = inner
    .replace(/[<>&']/g, unicodeEscape)
    .replace(/[\u0080-\uffff]/g, (character) => unicodeEscape(character).toLowerCase());
  return `"${escaped}"`;
}
