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
  /** Exchange that gets it by our own hand where it comes back because no queue takes it; without one, it is not known to have arrived. */
  readonly unroutable?: string;
  /** Messages of one flow are sent in their order; flows take turns, so that a long one does not hold up a short one. */
  readonly flow?: string;
}

/**
 * `confirmed`: the broker has taken responsibility for it. `unconfirmed`: it is not known, it may or may not have
 * arrived; publish it again. `refused`: the broker says no (a nack): a queue did not take it, others may have; publish
 * it again later. `unsendable`: this very message can never be published; do not repeat it.
 */
export type PublishResult =
  | { readonly status: 'confirmed' }
  | { readonly status: 'unconfirmed'; readonly reason: string }
  | { readonly status: 'refused'; readonly reason: string }
  | { readonly status: 'unsendable'; readonly reason: string };

export const confirmed: PublishResult = { status: 'confirmed' };
export const unconfirmed = (reason: string): PublishResult => ({ status: 'unconfirmed', reason });
export const refused: PublishResult = {
  status: 'refused',
  reason: 'RabbitMQ answered with a nack: a queue that it belongs in does not take it',
};
export const unsendable = (reason: string): PublishResult => ({ status: 'unsendable', reason });

/** A message on its way, and the one answer that its caller gets. */
export class QueuedMessage {
  /** Sent with nothing else in flight, so that a channel's death is known to be its doing. */
  alone = false;
  /** Unix milliseconds of the last time it was handed to a channel. */
  sentAt = 0;
  /** The broker has sent it back; its confirm is yet to come. */
  cameBack = false;
  private done = false;
  private toExchange: string;

  constructor(
    readonly message: OutgoingMessage,
    private readonly answerTo: (result: PublishResult) => void,
  ) {
    this.toExchange = message.exchange;
  }

  /** Where it goes: the message's own exchange, or the one for what comes back from there. */
  get exchange(): string {
    return this.toExchange;
  }

  /** Where it could go next if it came back now; null where it has nowhere else to go. */
  get otherExchange(): string | null {
    const { unroutable } = this.message;
    return unroutable === undefined || unroutable === this.toExchange ? null : unroutable;
  }

  /** To be sent to {@link otherExchange} from now on. */
  redirect(): void {
    this.toExchange = this.otherExchange ?? this.toExchange;
  }

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
