import { Buffer } from 'node:buffer';
import { type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

/**
 * How badly a portal can answer:
 * - `gzip-bomb`, `brotli-bomb`, `deflate-bomb`: `{},{},…`, packed
 * - `empty-parts`: the same, not packed
 * - `brackets`: `[[[[…`
 * - `huge-text`: one text
 * - `huge-number`: one number
 * - `exact-numbers`: numbers that JavaScript would not give back as they are written
 * - `drip`: a byte at a time, after `bytes` of blanks where that is given
 * - `endless`: an answer that never ends, as fast as it is read
 * - `empty-blocks`: packed, without end, and nothing in it
 */
export const BAD_ANSWERS = [
  'gzip-bomb',
  'brotli-bomb',
  'deflate-bomb',
  'empty-parts',
  'brackets',
  'huge-text',
  'huge-number',
  'exact-numbers',
  'drip',
  'endless',
  'empty-blocks',
] as const;
export type BadAnswer = (typeof BAD_ANSWERS)[number];

export function isBadAnswer(kind: string): kind is BadAnswer {
  return BAD_ANSWERS.some((bad) => bad === kind);
}

const DEFAULT_BYTES = 60_000_000;
const PIECE = 64 * 1024;
const DRIP_MS = 100;
const BEFORE = '{"result":{"result":{"c0":[';
const AFTER = ']},"result_error":[]},"time":{"start":0}}';

/** Packing sixty million bytes takes its time, and attackers do it once. */
const packed = new Map<string, Buffer>();

/** @param bytes of the answer, unpacked */
export async function answerBadly(response: ServerResponse, kind: BadAnswer, size?: number): Promise<void> {
  const bytes = size ?? DEFAULT_BYTES;
  switch (kind) {
    case 'gzip-bomb':
      return sendPacked(response, 'gzip', pack('gzip', bytes));
    case 'brotli-bomb':
      return sendPacked(response, 'br', pack('br', bytes));
    case 'deflate-bomb':
      return sendPacked(response, 'deflate', pack('deflate', bytes));
    case 'empty-parts':
      return sendRepeated(response, BEFORE, '{},', `{}${AFTER}`, bytes);
    case 'brackets':
      return sendRepeated(response, BEFORE, '[', '', bytes);
    case 'huge-text':
      return sendRepeated(response, `${BEFORE}"`, 'x', `"${AFTER}`, bytes);
    case 'huge-number':
      return sendRepeated(response, BEFORE, '1', AFTER, bytes);
    case 'exact-numbers':
      return sendRepeated(response, BEFORE, '12345678901234567.0,', `1.0${AFTER}`, bytes);
    case 'endless':
      return sendRepeated(response, BEFORE, '{"ID":"1"},', '', Number.POSITIVE_INFINITY);
    case 'empty-blocks':
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      // A gzip header, then stored blocks of no bytes.
      response.write(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]));
      return write(response, Buffer.alloc(PIECE - (PIECE % 5), Buffer.from([0, 0, 0, 0xff, 0xff])), Infinity);
    case 'drip':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(BEFORE + ' '.repeat(size ?? 0));
      while (!response.destroyed) {
        response.write(' ');
        await sleep(DRIP_MS);
      }
  }
}

/** Packs what is sent packed, so that the first who asks for it does not wait for that. */
export function packBadAnswers(): void {
  for (const encoding of ['gzip', 'br', 'deflate'] as const) pack(encoding, DEFAULT_BYTES);
}

function pack(encoding: 'gzip' | 'br' | 'deflate', bytes: number): Buffer {
  const key = `${encoding} ${bytes}`;
  const known = packed.get(key);
  if (known !== undefined) return known;
  const text = Buffer.from(`${BEFORE}${'{},'.repeat(Math.ceil(bytes / 3))}{}${AFTER}`);
  const made =
    encoding === 'gzip' ? gzipSync(text) : encoding === 'br' ? brotliCompressSync(text) : deflateSync(text);
  packed.set(key, made);
  return made;
}

function sendPacked(response: ServerResponse, encoding: string, body: Buffer): void {
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-encoding': encoding,
    'content-length': body.length,
  });
  response.end(body);
}

async function sendRepeated(
  response: ServerResponse,
  before: string,
  part: string,
  after: string,
  bytes: number,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  response.write(before);
  const piece = Buffer.from(part.repeat(Math.ceil(PIECE / part.length)));
  await write(response, piece, bytes);
  response.end(after);
}

/** Writes as fast as it is read. */
async function write(response: ServerResponse, piece: Buffer, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes && !response.destroyed; sent += piece.length) {
    if (response.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const go = () => {
        response.off('drain', go).off('close', go);
        resolve();
      };
      response.on('drain', go).on('close', go);
    });
  }
}
