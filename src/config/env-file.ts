/** A line of an `.env` file that does not say what its author probably meant. */
export interface FileRemark {
  /** From 1. */
  readonly line: number;
  /** The variable that it speaks of, or the line's first word; null where that may be anything, a secret too. */
  readonly name: string | null;
  readonly kind: 'no-equals' | 'no-name' | 'open-quote' | 'after-quote' | 'twice';
}

export interface EnvFile {
  readonly values: ReadonlyMap<string, string>;
  readonly remarks: readonly FileRemark[];
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=[^\S\n]*(.*)$/s;
/** The beginning of an ordinary setting: a quote that is still open here was never meant to be. */
const SETTING = /^\s*(?:export\s+)?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\s*=/;
/** Of a line that assigns nothing: a word that cannot be taken for a secret. */
const PLAIN_NAME = /^\s*(?:export\s+|set\s+)?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/i;

/**
 * Reads an `.env` file: `NAME=value` by line, an `export` before it, `#` comments, single, double or back quotes around
 * a value, which may then have several lines; `\n` between double quotes is a line's end. A `#` inside an unquoted value
 * begins a comment only after a blank, as for docker compose, so that a secret with one is whole. The last of several
 * lines for one name counts.
 */
export function parseEnvFile(content: Uint8Array): EnvFile {
  const lines = decoded(content).split(/\r\n|\n|\r/);
  const values = new Map<string, string>();
  const remarks: FileRemark[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    // Two files put together leave one amid the text.
    const line = (lines[at] ?? '').replace(/^\uFEFF/, '');
    if (/^\s*(#|$)/.test(line)) continue;
    const remark = (kind: FileRemark['kind'], name: string | null, where = at + 1) =>
      remarks.push({ line: where, name, kind });
    const [, name, rest = ''] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined) {
      remark(line.includes('=') ? 'no-name' : 'no-equals', PLAIN_NAME.exec(line)?.[1] ?? null);
      continue;
    }
    if (values.has(name)) remark('twice', name);
    const quote = /^["'`]/.exec(rest)?.[0];
    const end = quote === undefined ? null : endOfQuote(lines, at, rest, quote);
    if (quote !== undefined && end === null) remark('open-quote', name);
    if (quote === undefined || end === null) {
      values.set(name, withoutComment(line.slice(line.indexOf('=') + 1)));
      continue;
    }
    if (!/^\s*(#|$)/.test(end.after)) remark('after-quote', name, end.line + 1);
    values.set(name, quote === '"' ? end.value.replaceAll('\\n', '\n') : end.value);
    at = end.line;
  }
  return { values, remarks };
}

/** `=#abc` is a value that begins so, `= # abc` a comment. */
function withoutComment(text: string): string {
  return text.replace(/\s#.*$/s, '').trim();
}

/** Where the quote that begins a value is closed; null: nowhere, or only beyond another setting. */
function endOfQuote(
  lines: readonly string[],
  from: number,
  rest: string,
  quote: string,
): { value: string; after: string; line: number } | null {
  const parts: string[] = [];
  for (let at = from; at < lines.length; at += 1) {
    const text = at === from ? rest.slice(1) : (lines[at] ?? '');
    if (at !== from && SETTING.test(text)) return null;
    const close = text.indexOf(quote);
    if (close !== -1) {
      parts.push(text.slice(0, close));
      return { value: parts.join('\n'), after: text.slice(close + 1), line: at };
    }
    parts.push(text);
  }
  return null;
}

/** Editors of Windows begin a file with a mark of its encoding, or write two bytes a character. */
function decoded(content: Uint8Array): string {
  const [first, second] = content;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(content);
}
