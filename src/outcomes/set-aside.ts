import { type ConsumeMessage } from 'amqplib';
import { type PublishResult } from '../broker/outgoing.js';
import { type Log } from '../logging/log.js';
import { type Delivered } from './replies-in-hand.js';

/** Puts a reply that could not be understood where people find it, and says whether the broker has it. */
export type RejectReply = (message: ConsumeMessage, reason: string) => Promise<PublishResult>;

interface SetAsideOptions {
  readonly reject: RejectReply;
  /** Whether the reply queue is known to lead what is rejected to the same place by itself. */
  readonly deadLetters: () => boolean;
  /** A reply has gone there without being published by us. */
  readonly deadLettered?: (message: ConsumeMessage, reason: string) => void;
  readonly log: Log;
}

const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 5000;
const UNCONFIRMED_TRIES = 4;
/** After the queue for them did not take one: for so long, others do not wait for its answer. */
const AVOID_MS = 30_000;

/**
 * Replies that cannot be acted on, on their way to the queue for them: published with the reason, or, where that cannot be
 * done, led there by the reply queue's own dead-lettering, without it.
 */
export class SetAside {
  private avoidUntil = 0;
  private closed = false;

  constructor(private readonly options: SetAsideOptions) {}

  /** As it came, with the reason in a header. Acknowledges it when the broker has it. */
  put(delivered: Delivered, reason: string): void {
    void this.attempt(delivered, reason, 1);
  }

  /** Without a copy: it is large. */
  putUnread(delivered: Delivered, reason: string): void {
    if (this.options.deadLetters()) this.deadLetter(delivered, reason);
    else this.put(delivered, reason);
  }

  /** Tries nothing again: what could not be put aside comes again after the restart. */
  close(): void {
    this.closed = true;
  }

  private async attempt(delivered: Delivered, reason: string, tries: number): Promise<void> {
    if (Date.now() < this.avoidUntil && this.options.deadLetters()) return this.deadLetter(delivered, reason);
    const result = await this.options.reject(delivered.message, reason);
    if (result.status === 'confirmed') return delivered.acknowledge();
    if (this.closed) return;
    if (result.status === 'unsendable' || (this.options.deadLetters() && tries >= enough(result))) {
      if (result.status !== 'unsendable') this.avoidUntil = Date.now() + AVOID_MS;
      this.options.log.warn({ event: 'replies.rejected_by_broker', reason, because: result.reason });
      return this.deadLetter(delivered, reason);
    }
    const pause = Math.min(RETRY_MIN_MS * 2 ** (tries - 1), RETRY_MAX_MS);
    await new Promise((resolve) => setTimeout(resolve, pause).unref());
    if (!this.closed) await this.attempt(delivered, reason, tries + 1);
  }

  private deadLetter(delivered: Delivered, reason: string): void {
    this.options.deadLettered?.(delivered.message, reason);
    delivered.deadLetter();
  }
}

/** A connection comes back soon; a queue that says no goes on saying it. */
function enough(result: PublishResult): number {
  return result.status === 'refused' ? 1 : UNCONFIRMED_TRIES;
}
