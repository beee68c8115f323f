import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type FairScheduler } from './fair-scheduler.js';

/** At most some fifty requests: Node reads all that are in one piece before anything else is done. */
const PIECE_BYTES = 1024;
/** A client that has not accepted its answer by then is given up. */
const SLOW_READER_MS = 1000;

/** A request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * A connection whose bytes reach Node's parser in small pieces, each in its turn, and none while a request that was
 * read waits for another one to be answered. Node itself reads on as long as something arrives: thousands of requests
 * in one go.
 */
export class PacedConnection extends Duplex {
  /** The request that is being answered; those behind it. */
  current: Exchange | null = null;
  readonly waiting: Exchange[] = [];
  /** When the client last sent something, or was last answered; `performance.now()`. */
  private activeAt = performance.now();
  private rest: Buffer | null = null;
  private ended = false;
  private hasAnswered = false;
  private wanted = false;
  private queued = false;
  private held = false;
  private spent = false;
  private sendingSince: number | null = null;
  private unread: NodeJS.Timeout | null = null;

  /**
   * @param unreadMs how long the client may take to accept what is sent to it at once
   * @param onUnread is told before the connection is closed because it did not
   */
  constructor(
    private readonly raw: Socket,
    private readonly scheduler: FairScheduler,
    private readonly unreadMs: number,
    private readonly onUnread: () => void,
  ) {
    super({ readableHighWaterMark: PIECE_BYTES, decodeStrings: false });
    raw.on('data', (chunk: Buffer) => {
      this.activeAt = performance.now();
      this.rest = chunk;
      raw.pause();
      this.supply();
    });
    raw.on('end', () => {
      this.ended = true;
      this.supply();
    });
    raw.on('timeout', () => this.emit('timeout'));
    raw.on('error', (error) => this.destroy(error));
    raw.on('close', () => this.destroy());
  }

  get remoteAddress(): string | undefined {
    return this.raw.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.raw.remotePort;
  }
  get remoteFamily(): string | undefined {
    return this.raw.remoteFamily;
  }
  get localAddress(): string | undefined {
    return this.raw.localAddress;
  }
  get localPort(): number | undefined {
    return this.raw.localPort;
  }

  /** Since when nothing happens here because of the client, `performance.now()`; null while it is our turn. */
  get idleSince(): number | null {
    if (this.sendingSince !== null) {
      return performance.now() - this.sendingSince > SLOW_READER_MS ? this.sendingSince : null;
    }
    // What it has sent waits here for its turn.
    if (this.rest !== null) return null;
    return this.current === null || !this.current.request.complete ? this.activeAt : null;
  }

  /** Whether it has had an answer and is only kept for more: its client expects that it may be closed. */
  get isKept(): boolean {
    return this.hasAnswered && this.current === null;
  }

  /** Reads no more requests for now. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.supply();
  }

  /** Nothing more is read; what was read is answered. */
  readNoMore(): void {
    this.spent = true;
  }

  get isSpent(): boolean {
    return this.spent;
  }

  /** An answer is complete. */
  answered(): void {
    this.hasAnswered = true;
    this.activeAt = performance.now();
  }

  setTimeout(ms: number, callback?: () => void): this {
    this.raw.setTimeout(ms, callback);
    return this;
  }
  setNoDelay(noDelay?: boolean): this {
    this.raw.setNoDelay(noDelay);
    return this;
  }
  setKeepAlive(enable?: boolean, initialDelayMs?: number): this {
    this.raw.setKeepAlive(enable, initialDelayMs);
    return this;
  }
  /** Node's name for: after what is still to be sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    this.wanted = true;
    this.supply();
  }

  override _write(
    chunk: Buffer | string,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.raw.write(chunk, encoding, this.sending(done));
  }

  override _writev(
    chunks: { chunk: Buffer | string; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    const sent = this.sending(done);
    this.raw.cork();
    chunks.forEach(({ chunk, encoding }, index) => {
      if (index < chunks.length - 1) this.raw.write(chunk, encoding);
      else this.raw.write(chunk, encoding, sent);
    });
    this.raw.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.raw.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.unread !== null) clearTimeout(this.unread);
    this.waiting.length = 0;
    this.rest = null;
    this.raw.destroy();
    done(error);
  }

  private sending(done: (error?: Error | null) => void): (error?: Error | null) => void {
    this.sendingSince = performance.now();
    this.unread = setTimeout(() => {
      this.onUnread();
      this.destroy();
    }, this.unreadMs);
    return (error) => {
      if (this.unread !== null) clearTimeout(this.unread);
      this.unread = null;
      this.sendingSince = null;
      done(error);
    };
  }

  private supply(): void {
    if (!this.wanted || this.held || this.spent || this.queued || (this.rest === null && !this.ended)) return;
    this.queued = true;
    this.scheduler.schedule('bytes', () => {
      this.queued = false;
      if (!this.destroyed && !this.held && !this.spent) this.give();
    });
  }

  private give(): void {
    this.wanted = false;
    const { rest } = this;
    if (rest === null) {
      this.push(null);
      return;
    }
    const piece = rest.subarray(0, PIECE_BYTES);
    this.rest = rest.length > PIECE_BYTES ? rest.subarray(PIECE_BYTES) : null;
    if (this.rest === null) this.raw.resume();
    this.push(piece);
  }
}
