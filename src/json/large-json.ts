import { parseJson } from './exact-json.js';
import {
  CLOSE_LIST,
  CLOSE_MAP,
  COMMA,
  endOfPart,
  endOfText,
  type JsonLimits,
  JsonStructure,
  OPEN_LIST,
  OPEN_MAP,
  QUOTE,
} from './json-structure.js';

/** Read in one go: what holds nothing but `{}` takes some 15 ms for each such slice, what portals send a fifth of a ms. */
const SLICE_BYTES = 64 * 1024;
/** A batch's answer has its rows six levels deep; what is nested deeper is read in one go. */
const SLICED_LEVELS = 8;
/** Other work waits no longer than this and one slice. */
const YIELD_EVERY_MS = 8;

/**
 * Reads a JSON text of any size as {@link parseJson} does, in slices between which the process does everything
 * else. What it holds is counted before anything of it is read.
 *
 * @throws {TooMuchJson} it holds more than it may
 * @throws {SyntaxError} it is no JSON
 */
export async function readJson(bytes: Buffer, limits: JsonLimits): Promise<unknown> {
  const yielder = new Yielder();
  const structure = new JsonStructure(bytes, limits, { large: SLICE_BYTES, levels: SLICED_LEVELS });
  while (!structure.next()) await yielder.yieldWhenDue();
  if (structure.large.size === 0) return parseJson(withoutMark(bytes.toString('utf8')));
  return new SlicedReader(bytes, structure.large, yielder).read();
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Yields to the event loop where this slice has lasted long enough. */
class Yielder {
  private begunAt = performance.now();

  async yieldWhenDue(): Promise<void> {
    if (performance.now() - this.begunAt < YIELD_EVERY_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.begunAt = performance.now();
  }
}

class SlicedReader {
  constructor(
    private readonly bytes: Buffer,
    private readonly large: ReadonlyMap<number, number>,
    private readonly yielder: Yielder,
  ) {}

  async read(): Promise<unknown> {
    const start = Math.min(...this.large.keys());
    const end = this.large.get(start) ?? 0;
    const outside = withoutMark(this.text(0, start)) + this.text(end + 1, this.bytes.length);
    // What is around a large part that is all there is.
    if (outside.trim() !== '') return parseJson(withoutMark(this.text(0, this.bytes.length)));
    return this.part(start, end);
  }

  /** Reads a large map or list: its small parts in slices, its large ones likewise. */
  private async part(start: number, end: number): Promise<unknown> {
    const { bytes, large } = this;
    const isMap = bytes[start] === OPEN_MAP;
    if (bytes[end] !== (isMap ? CLOSE_MAP : CLOSE_LIST)) throw new SyntaxError('brackets do not match');
    const whole = isMap ? new MapParts() : new ListParts();
    let from = start + 1;
    /** The last text at this level: before a large part of a map, its name. */
    let name: readonly [start: number, end: number] = [0, 0];
    for (let at = from; at < end; at += 1) {
      switch (bytes[at] ?? 0) {
        case QUOTE: {
          const last = endOfText(bytes, at);
          name = [at, last];
          at = last;
          break;
        }
        case OPEN_LIST:
        case OPEN_MAP: {
          const partEnd = large.get(at);
          if (partEnd === undefined) {
            at = endOfPart(bytes, at);
            break;
          }
          const before = isMap ? name[0] : at;
          if (before < from) throw new SyntaxError('a part of a map without a name');
          this.addBefore(whole, from, before);
          const key = isMap ? keyOf(this.text(before, name[1] + 1), this.text(name[1] + 1, at)) : '';
          await this.yielder.yieldWhenDue();
          whole.add(key, await this.part(at, partEnd));
          const next = this.afterSpace(partEnd + 1);
          if (next === end) return whole.value;
          if (bytes[next] !== COMMA) throw new SyntaxError('a part without a comma after it');
          from = next + 1;
          at = next;
          break;
        }
        case COMMA:
          if (at - from < SLICE_BYTES) break;
          whole.addSlice(this.text(from, at));
          from = at + 1;
          await this.yielder.yieldWhenDue();
      }
    }
    whole.addSlice(this.text(from, end));
    await this.yielder.yieldWhenDue();
    return whole.value;
  }

  /** What stands before a large part ends in a comma. */
  private addBefore(whole: MapParts | ListParts, from: number, to: number): void {
    const text = this.text(from, to).trimEnd();
    if (text === '') return;
    if (!text.endsWith(',')) throw new SyntaxError('a part without a comma before it');
    whole.addSlice(text.slice(0, -1));
  }

  private afterSpace(from: number): number {
    let at = from;
    while (isSpace(this.bytes[at])) at += 1;
    return at;
  }

  private text(from: number, to: number): string {
    return this.bytes.toString('utf8', from, to);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function keyOf(text: string, between: string): string {
  if (!/^[ \n\r\t]*:[ \n\r\t]*$/.test(between)) throw new SyntaxError('a name without a colon');
  const key: unknown = JSON.parse(text);
  if (typeof key !== 'string') throw new SyntaxError('a name that is no text');
  return key;
}

/** Nothing between two commas is no JSON, and would be read as an empty list or map. */
function requireSomething(text: string): void {
  if (/^[ \n\r\t]*$/.test(text)) throw new SyntaxError('nothing where a value was expected');
}

class ListParts {
  readonly value: unknown[] = [];

  addSlice(text: string): void {
    requireSomething(text);
    for (const item of parseJson(`[${text}]`) as unknown[]) this.value.push(item);
  }

  add(_key: string, value: unknown): void {
    this.value.push(value);
  }
}

class MapParts {
  readonly value: Record<string, unknown> = {};

  addSlice(text: string): void {
    requireSomething(text);
    for (const [key, value] of Object.entries(parseJson(`{${text}}`) as object)) this.add(key, value);
  }

  add(key: string, value: unknown): void {
    // To assign to a `__proto__` would do something else.
    if (key === '__proto__')
      Object.defineProperty(this.value, key, { value, writable: true, enumerable: true, configurable: true });
    else this.value[key] = value;
  }
}
