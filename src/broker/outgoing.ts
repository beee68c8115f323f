import { type Options } from 'amqplib';

/** Message properties that may be set. `timestamp` is Unix seconds; `persistent` is true unless said otherwise. */
export type OutgoingProperties = Pick<
  Options.Publish,
  | 'appId'
  | 'contentEncoding'
  | 'contentType'
  | 'correlationId'
  | 'expiration'
  | 'messageId'
  | 'persistent'
  | 'priority'
  | 'replyTo'
  | 'timestamp'
  | 'type'
> & { headers?: Record<string, unknown> };

/** One message to publish. `exchange` is one of the topology's, or `''` for a queue named by `routingKey`. */
export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly properties: OutgoingProperties;
}

/**
 * `confirmed`: the broker has taken responsibility for it. `unconfirmed`: nobody knows, it may or may not have
 * arrived; publish it again. `refused`: this very message can never be published; do not repeat it.
 */
export type PublishResult =
  | { readonly status: 'confirmed' }
  | { readonly status: 'unconfirmed'; readonly reason: string }
  | { readonly status: 'refused'; readonly reason: string };

export const confirmed: PublishResult = { status: 'confirmed' };
export const unconfirmed = (reason: string): PublishResult => ({ status: 'unconfirmed', reason });
export const refused = (reason: string): PublishResult => ({ status: 'refused', reason });

/** A message on its way, and the one answer that its caller gets. */
export class QueuedMessage {
  /** Sent with nothing else in flight, so that a channel's death is known to be its doing. */
  alone = false;
  /** Unix milliseconds of the last time it was handed to a channel. */
  sentAt = 0;
  private done = false;

  constructor(
    readonly message: OutgoingMessage,
    private readonly answerTo: (result: PublishResult) => void,
  ) {}

  get bytes(): number {
    return this.message.body.length;
  }

  get answered(): boolean {
    return this.done;
  }

  /** The first answer counts. */
  answer(result: PublishResult): void {
    if (this.done) return;
    this.done = true;
    this.answerTo(result);
  }
}

/** Fewer that have left are not worth a copy of those that wait. */
const COMPACT_FROM = 1024;

/** First in, first out; cheap with tens of thousands waiting. */
export class MessageQueue {
  private items: QueuedMessage[] = [];
  private head = 0;

  push(item: QueuedMessage): void {
    this.items.push(item);
  }

  /** The next message that still wants an answer. */
  peek(): QueuedMessage | undefined {
    while (this.items[this.head]?.answered === true) this.shift();
    return this.items[this.head];
  }

  shift(): void {
    this.head += 1;
    // A queue that is never empty must let go of what has left it, too.
    if (this.head >= Math.max(COMPACT_FROM, this.items.length / 2) || this.head >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }

  /** Messages that it keeps alive: those that wait, and some that have left. */
  get retained(): number {
    return this.items.length;
  }

  /** Puts `items`, in their order, before all others. */
  putBack(items: readonly QueuedMessage[]): void {
    this.items = [...items, ...this.items.slice(this.head)];
    this.head = 0;
  }

  /** Empties the queue. */
  takeAll(): QueuedMessage[] {
    const rest = this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    return rest;
  }
}
