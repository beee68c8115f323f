/** Bytes that every answer may have beside the memory that is shared: most answers are no larger. */
const OWN_BYTES = 64 * 1024;

/** What one answer takes of the memory for all of them. Give it back with {@link close}. */
export interface AnswerShare {
  /** Bytes that it has. */
  readonly bytes: number;
  /**
   * Takes so many more bytes, and waits until they are free.
   * @throws the signal's reason when that aborts first
   */
  grow(bytes: number, signal: AbortSignal): Promise<void>;
  /** The answer is dealt with; a second call does nothing. */
  close(): void;
}

interface Waiting {
  readonly share: Share;
  readonly bytes: number;
  readonly go: () => void;
}

/**
 * Memory for the answers of all portals that are being read or written to the ledger. Answers take it as they arrive, and
 * wait in turn where none is free. The first in the queue goes on in spite of that, alone: otherwise several that are
 * half read could wait for each other. So all of them together have what was given at first, and the largest answer.
 */
export class AnswerMemory {
  private used = 0;
  private readonly queue: Waiting[] = [];
  /** The answer that may go on although none is free. */
  private favoured: Share | null = null;

  /** @param total bytes */
  constructor(private readonly total: number) {}

  /** Bytes in hand, beside what every answer may have. */
  get inHand(): number {
    return this.used;
  }

  open(): AnswerShare {
    return new Share(this);
  }

  /** @internal */
  take(share: Share, bytes: number, signal: AbortSignal): Promise<void> {
    if (share === this.favoured || (this.queue.length === 0 && this.used + bytes <= this.total)) {
      this.used += bytes;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        share,
        bytes,
        go: () => {
          signal.removeEventListener('abort', gone);
          this.used += bytes;
          resolve();
        },
      };
      const gone = () => {
        this.queue.splice(this.queue.indexOf(waiting), 1);
        reject(signal.reason as Error);
        this.serve();
      };
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      this.queue.push(waiting);
      signal.addEventListener('abort', gone, { once: true });
      this.serve();
    });
  }

  /** @internal */
  giveBack(share: Share, bytes: number): void {
    if (this.favoured === share) this.favoured = null;
    this.used -= bytes;
    this.serve();
  }

  private serve(): void {
    for (let first = this.queue[0]; first !== undefined; first = this.queue[0]) {
      if (this.used + first.bytes > this.total) {
        if (this.favoured !== null) return;
        this.favoured = first.share;
      }
      this.queue.shift();
      first.go();
    }
  }
}

class Share implements AnswerShare {
  bytes = 0;
  private shared = 0;
  private closed = false;

  constructor(private readonly memory: AnswerMemory) {}

  async grow(bytes: number, signal: AbortSignal): Promise<void> {
    const more = Math.max(this.bytes + bytes - OWN_BYTES, 0) - this.shared;
    if (more > 0) {
      await this.memory.take(this, more, signal);
      this.shared += more;
      // Closed meanwhile: nothing else would give these bytes back.
      if (this.closed) this.memory.giveBack(this, more);
    }
    this.bytes += bytes;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.memory.giveBack(this, this.shared);
  }
}

/** Shared by every client that was not told otherwise. */
export const UNLIMITED_MEMORY = new AnswerMemory(Number.POSITIVE_INFINITY);
