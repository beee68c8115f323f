import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { parseJson } from '../json/exact-json.js';
import { JsonStructure, TooMuchJson } from '../json/json-structure.js';
import { excerpt, MalformedReply } from './malformed-reply.js';

/** What the body of a reply may weigh unless it is set otherwise. */
export const REPLY_BYTES = 256 * 1024;
/** A packed body may unpack to so many times that: ten thousand long ids, and not enough to hold up the process. */
export const UNPACKED_TIMES = 4;
/**
 * And hold so many values, by opening brackets and commas: ten thousand replies, each with all its members. Small values
 * take many times longer to read than the same bytes of text.
 */
const UNPACKED_VALUES = 150_000;
/** Not a packing at all, whatever a client writes there: Python's write the character set. */
const UNPACKED = new Set(['', 'identity', 'binary', '8bit', 'utf-8', 'utf8', 'us-ascii', 'ascii']);

/**
 * The JSON value in a message's body. Packed bodies are unpacked, a byte order mark and a text that is JSON once more
 * are forgiven.
 * @param unpackedBytes what a packed body may unpack to
 * @throws MalformedReply
 */
export function readBody(content: Buffer, contentEncoding: unknown, unpackedBytes: number): unknown {
  if (content.length === 0) throw new MalformedReply('the body is empty');
  const bytes = unpacked(content, contentEncoding, unpackedBytes);
  if (!isUtf8(bytes)) throw new MalformedReply('the body is not UTF-8');
  // Some platforms begin every text with a byte order mark.
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const value = readJson(text);
  if (value === undefined) throw new MalformedReply(`the body is not JSON: ${excerpt(text)}`);
  // A client that serializes what was serialized already.
  const inner = typeof value === 'string' ? readJson(value) : undefined;
  return typeof inner === 'object' && inner !== null ? inner : value;
}

function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function unpacked(content: Buffer, contentEncoding: unknown, limit: number): Buffer {
  const encoding = typeof contentEncoding === 'string' ? contentEncoding.trim().toLowerCase() : '';
  const isGzip = content[0] === 0x1f && content[1] === 0x8b;
  if (isGzip) return unpack('gzip', gunzipSync, content, limit);
  switch (encoding) {
    case 'br':
      return isText(content) ? content : unpack(encoding, brotliDecompressSync, content, limit);
    case 'deflate':
      if (isText(content)) return content;
      // By the book it has a head; some clients leave that out.
      return unpack(encoding, (content[0] ?? 0) % 16 === 8 ? inflateSync : inflateRawSync, content, limit);
    case 'gzip':
    case 'x-gzip':
      if (isText(content)) return content;
      throw new MalformedReply(`content_encoding is ${excerpt(contentEncoding)}, and the body is no gzip`);
  }
  if (UNPACKED.has(encoding) || isText(content)) return content;
  throw new MalformedReply(`content_encoding is ${excerpt(contentEncoding)}, not gzip, deflate or br`);
}

/** Some clients name a packing and do not pack. */
function isText(content: Buffer): boolean {
  return /^(?:\ufeff)?\s*[[{"]/.test(content.subarray(0, 64).toString('utf8')) && isUtf8(content);
}

function unpack(
  encoding: string,
  how: (content: Buffer, options: { maxOutputLength: number }) => Buffer,
  content: Buffer,
  limit: number,
): Buffer {
  try {
    const bytes = how(content, { maxOutputLength: limit });
    countValues(bytes);
    return bytes;
  } catch (error) {
    if (error instanceof TooMuchJson) throw new MalformedReply(`the body unpacks to ${error.message}`);
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new MalformedReply(
      tooLarge
        ? `the body unpacks to more than ${limit} bytes`
        : `the body cannot be unpacked as ${encoding}`,
    );
  }
}

/** @throws TooMuchJson */
function countValues(bytes: Buffer): void {
  const limits = { values: UNPACKED_VALUES, depth: Number.POSITIVE_INFINITY };
  const structure = new JsonStructure(bytes, limits, { large: Number.POSITIVE_INFINITY, levels: 0 });
  while (!structure.next());
}
