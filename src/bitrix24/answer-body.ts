import { pipeline, type Readable, type Transform } from 'node:stream';
import { types } from 'node:util';
import zlib from 'node:zlib';
import { type AnswerShare } from './answer-memory.js';

/** What is wrong with an answer, beside its connection. */
export class BadBody extends Error {
  override readonly name = 'BadBody';

  constructor(
    /** `ANSWER_TOO_LARGE`, or `NOT_JSON` for what cannot be unpacked. */
    readonly code: 'ANSWER_TOO_LARGE' | 'NOT_JSON',
    message: string,
  ) {
    super(message);
  }
}

/** The packings that we ask for. */
export const PACKINGS = 'gzip, br';
/** From here on an answer is large enough to be told of before it is read on. */
const LARGE_BYTES = 1024 * 1024;

interface BodyOptions {
  /** `content-encoding`. */
  readonly packing: string;
  /** Bytes, unpacked as well as packed. */
  readonly limit: number;
  readonly share: AnswerShare;
  /** Called, and waited for, before a large answer is read on. */
  readonly large?: (() => Promise<void>) | undefined;
  readonly signal: AbortSignal;
  /** Called before and after a wait that is not the sender's fault. */
  readonly waits: (begun: boolean) => void;
}

/**
 * Reads an answer's body, and of one that is too large no more than is allowed: neither from the connection nor in
 * unpacking. What goes on for ever without a byte in it ends likewise.
 * @throws {BadBody} and what the connection throws
 */
export async function readBody(answer: Readable, options: BodyOptions): Promise<Buffer> {
  const { limit, share, signal } = options;
  const onAbort = () => answer.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let told = false;
  try {
    signal.throwIfAborted();
    for await (const chunk of unpacked(answer, options.packing, limit) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) throw tooLarge(limit);
      options.waits(true);
      if (bytes > LARGE_BYTES && !told) {
        told = true;
        await options.large?.();
      }
      await share.grow(chunk.length, signal);
      options.waits(false);
      chunks.push(chunk);
    }
  } catch (error) {
    throw isPackingFault(error) ? new BadBody('NOT_JSON', 'the answer cannot be unpacked') : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    // The rest of it is not read, and the connection is not used again.
    if (!answer.readableEnded) answer.destroy();
  }
  return Buffer.concat(chunks, bytes);
}

function tooLarge(limit: number): BadBody {
  return new BadBody('ANSWER_TOO_LARGE', `the answer has more than the ${limit} bytes that it may have`);
}

function unpacked(answer: Readable, packing: string, limit: number): Readable {
  const unpacking = unpackingOf(packing.trim().toLowerCase());
  if (unpacking === null) return answer;
  let packed = 0;
  answer.on('data', (chunk: Buffer) => {
    packed += chunk.length;
    if (packed > limit) answer.destroy(tooLarge(limit));
  });
  // Whatever goes wrong shows in the one that is read.
  return pipeline(answer, unpacking, () => undefined);
}

function unpackingOf(packing: string): Transform | null {
  switch (packing) {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      return zlib.createInflate();
    case 'br':
      return zlib.createBrotliDecompress();
    default:
      throw new BadBody('NOT_JSON', 'the answer has a content encoding that was not asked for');
  }
}

function isPackingFault(error: unknown): boolean {
  return types.isNativeError(error) && 'code' in error && /^(Z_|ERR__|ERR_BROTLI)/.test(String(error.code));
}
