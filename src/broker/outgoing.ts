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
  /** Messages of one flow are sent in their order; flows take turns, so that a long one does not hold up a short one. */
  readonly flow?: string;
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
