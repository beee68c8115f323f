import { PhpArray } from './php.js';

/** What PHP makes of texts that come as queries: parse_str, and parse_url for the commands of a batch. */

/** PHP's default for `max_input_vars`; variables beyond it are dropped without a word. */
const MAX_INPUT_VARS = 1000;
/** PHP's default for `max_input_nesting_level`; a name with more brackets is dropped. */
const MAX_NESTING = 64;

function urldecode(text: string): string {
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

const asVariable = (name: string): string => name.replace(/[ .[]/g, '_');

/**
 * Splits `a[b][]` into `['a', 'b', '']`. Blanks and dots become `_` before the first bracket and stay as they
 * are inside of brackets; whatever follows a bracket that is closed, and is no other bracket, is ignored.
 * @returns null for a name that PHP drops
 */
function keyPath(rawName: string): string[] | null {
  // A C string ends at its first NUL.
  const name = (rawName.split('\0', 1)[0] ?? '').replace(/^ +/, '');
  const bracket = name.indexOf('[');
  if (bracket < 0) return name === '' ? null : [asVariable(name)];
  if (bracket === 0) return null;
  const path = [asVariable(name.slice(0, bracket))];
  let at = bracket;
  while (name[at] === '[') {
    const end = name.indexOf(']', at);
    // Without an end it is no bracket: the first one makes the whole name plain, a later one is ignored.
    if (end < 0) return path.length > 1 ? path : [asVariable(name)];
    const index = name.slice(at + 1, end);
    path.push(/^[ \t\n\v\f\r]$/.test(index) ? '' : index);
    at = end + 1;
  }
  return path.length > MAX_NESTING + 1 ? null : path;
}

function nextIndex(target: PhpArray): string {
  let next = 0;
  for (const key of target.keys()) if (/^\d+$/.test(key)) next = Math.max(next, Number(key) + 1);
  return String(next);
}

function assign(target: PhpArray, path: readonly string[], value: string): void {
  let level = target;
  for (const [depth, step] of path.entries()) {
    const key = step === '' && depth > 0 ? nextIndex(level) : step;
    if (depth === path.length - 1) {
      level.set(key, value);
      return;
    }
    const inner = level.get(key);
    const child = inner instanceof PhpArray ? inner : new PhpArray();
    level.set(key, child);
    level = child;
  }
}

/**
 * PHP's parse_str. A name ends at its first `=` (so `filter[<=ID]` must be encoded), and everything beyond
 * `maxInputVars` variables is dropped silently.
 */
export function parseStr(query: string, maxInputVars: number = MAX_INPUT_VARS): PhpArray {
  const result = new PhpArray();
  let count = 0;
  for (const part of query.split('&')) {
    if (part === '') continue;
    count += 1;
    if (count > maxInputVars) break;
    const equals = part.indexOf('=');
    const path = keyPath(urldecode(equals < 0 ? part : part.slice(0, equals)));
    if (path) assign(result, path, equals < 0 ? '' : urldecode(part.slice(equals + 1)));
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
