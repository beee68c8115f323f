/** What a JSON text may hold before it is read. */
export interface JsonLimits {
  /** Maps, lists and plain values together, counted by opening brackets and commas. */
  readonly values: number;
  /** Maps and lists inside one another. */
  readonly depth: number;
}

/** A JSON text holds more than it may. It was counted, not read. */
export class TooMuchJson extends Error {
  override readonly name = 'TooMuchJson';
}

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_MAP = 0x7b;
export const CLOSE_MAP = 0x7d;
const BACKSLASH = 0x5c;

/** Bytes that are read before the caller may do something else. */
const STRIDE = 512 * 1024;

/**
 * Looks once through a JSON text without reading it: counts what it holds, and finds its large parts. Only brackets,
 * commas and texts are told apart, so what it says of something that is no JSON means nothing.
 */
export class JsonStructure {
  /** Where each large map or list ends, by where it begins. Brackets are not told from braces. */
  readonly large = new Map<number, number>();
  private readonly opened: number[] = [];
  private at = 0;
  private depth = 0;
  private values = 1;

  /**
   * @param large bytes from which on a part is worth remembering
   * @param levels parts that are nested deeper than this are not remembered
   */
  constructor(
    private readonly bytes: Uint8Array & { indexOf(value: number, from: number): number },
    private readonly limits: JsonLimits,
    private readonly remembered: { readonly large: number; readonly levels: number },
  ) {}

  /**
   * Looks through the next part.
   * @returns whether that was the last
   * @throws {TooMuchJson}
   */
  next(): boolean {
    const { bytes, opened, limits, remembered } = this;
    const until = Math.min(this.at + STRIDE, bytes.length);
    let { at, depth, values } = this;
    for (; at < until; at += 1) {
      switch (bytes[at] ?? 0) {
        case QUOTE:
          at = endOfText(bytes, at);
          break;
        case COMMA:
          values += 1;
          if (values > limits.values) throw tooMany(limits);
          break;
        case OPEN_LIST:
        case OPEN_MAP:
          values += 1;
          if (values > limits.values) throw tooMany(limits);
          if (depth < remembered.levels) opened[depth] = at;
          depth += 1;
          if (depth > limits.depth) throw new TooMuchJson(`more than ${limits.depth} levels`);
          break;
        case CLOSE_LIST:
        case CLOSE_MAP: {
          depth = Math.max(depth - 1, 0);
          const start = depth < remembered.levels ? opened[depth] : undefined;
          if (start !== undefined && at - start >= remembered.large) this.large.set(start, at);
        }
      }
    }
    Object.assign(this, { at, depth, values });
    return at >= bytes.length;
  }
}

function tooMany({ values }: JsonLimits): TooMuchJson {
  return new TooMuchJson(`more than ${values} values`);
}

/** Where the quote is that ends a text; the end of everything where there is none. */
export function endOfText(
  bytes: Uint8Array & { indexOf(value: number, from: number): number },
  start: number,
): number {
  for (let from = start + 1; ;) {
    const quote = bytes.indexOf(QUOTE, from);
    if (quote === -1) return bytes.length;
    let slashes = 0;
    while (quote - slashes > from && bytes[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote;
    from = quote + 1;
  }
}

/** Where a map or a list ends; the end of everything where it does not. */
export function endOfPart(
  bytes: Uint8Array & { indexOf(value: number, from: number): number },
  start: number,
): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    switch (bytes[at] ?? 0) {
      case QUOTE:
        at = endOfText(bytes, at);
        break;
      case OPEN_LIST:
      case OPEN_MAP:
        depth += 1;
        break;
      case CLOSE_LIST:
      case CLOSE_MAP:
        depth -= 1;
        if (depth === 0) return at;
    }
  }
  return bytes.length;
}
