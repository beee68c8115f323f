import { randomUUID } from 'node:crypto';
import { writeDeep } from './deep-json.js';
import { ExactNumber, exactNumbersMet } from './exact-number.js';

/** Stands before a number in its disguise as a text. Drawn at random, since the texts around come from others. */
const MARK = `number-${randomUUID()}:`;
const DISGUISED = new RegExp(`"${MARK}([^"]*)"`, 'g');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

/**
 * Reads JSON as `JSON.parse` does, save that numbers which JavaScript would not give back as they were written become
 * {@link ExactNumber}s. Where there are none, which is the rule, it costs one pass over the text.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const disguised = withNumbersDisguised(text);
  return disguised === null ? value : reveal(JSON.parse(disguised));
}

/** Writes JSON as `JSON.stringify` does, exact numbers as they were read. @throws TypeError, RangeError as that does */
export function writeJson(value: unknown, indent?: number): string {
  const before = exactNumbersMet();
  const text = JSON.stringify(value, null, indent);
  if (exactNumbersMet() === before) return text;
  return JSON.stringify(value, disguise, indent).replace(DISGUISED, (_text, number: string) => number);
}

/**
 * Writes what was read from JSON, however deep it is nested; what `JSON.stringify` cannot write for that (some five
 * thousand levels) comes without indentation.
 */
export function writeAnyJson(value: unknown, indent?: number): string {
  try {
    return writeJson(value, indent);
  } catch (error) {
    if (error instanceof RangeError) return writeDeep(value);
    throw error;
  }
}

/** The holder has the number itself; what is given is what its `toJSON` made of it. */
function disguise(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  return original instanceof ExactNumber ? `${MARK}${original.text}` : value;
}

/** Makes texts of the numbers that would lose something; null where none would. @param text valid JSON */
function withNumbersDisguised(text: string): string | null {
  let disguised = '';
  let copied = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, at);
      const number = text.slice(at, end);
      if (!survives(number)) {
        disguised += `${text.slice(copied, at)}"${MARK}${number}"`;
        copied = end;
      }
      at = end - 1;
    }
  }
  return copied === 0 ? null : disguised + text.slice(copied);
}

/** Where the quote is that ends a text. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) {
    at += code === BACKSLASH ? 2 : 1;
  }
  return at;
}

/** Where a number has ended. */
function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (isPartOfNumber(text.charCodeAt(at))) at += 1;
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Digits, `.`, `e`, `E`, `+`, `-`. */
function isPartOfNumber(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === MINUS;
}

/** -0 is one number more that JSON.stringify writes as another. */
function survives(number: string): boolean {
  return number !== '-0' && String(Number(number)) === number;
}

/** Goes without recursion: how deep a text is nested is up to its author. */
function reveal(root: unknown): unknown {
  const top = { root };
  const holders: object[] = [top];
  for (let holder = holders.pop(); holder !== undefined; holder = holders.pop()) {
    for (const [key, value] of Object.entries(holder) as [string, unknown][]) {
      if (typeof value === 'object' && value !== null) holders.push(value);
      else if (typeof value === 'string' && value.startsWith(MARK)) {
        replace(holder, key, new ExactNumber(value.slice(MARK.length)));
      }
    }
  }
  return top.root;
}

/** To assign to a `__proto__` would do something else. */
function replace(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}
