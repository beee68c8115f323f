import { type Channel, type ConsumeMessage } from 'amqplib';

/**
 * The consumer of the reply queue on one channel. A quorum queue's prefetch is a matter of each consumer and fixed when
 * it begins, so that another prefetch takes another consumer; what is in hand stays in hand.
 */
export class ReplyConsumer {
  private wanted = 0;
  private current = 0;
  private tag: string | null = null;
  private turning: Promise<void> | null = null;

  constructor(
    readonly channel: Channel,
    private readonly queue: string,
    /** Null: the broker has ended the consumer. */
    private readonly take: (message: ConsumeMessage | null) => void,
  ) {}

  /** A consumer is there, or about to be. */
  get reading(): boolean {
    return this.wanted > 0;
  }

  /** Whether it has so many on their way, or is about to. */
  reads(prefetch: number): boolean {
    return this.wanted === prefetch && (this.turning !== null || this.current === prefetch);
  }

  /**
   * Has so many messages at most on their way from now on; 0: none, nothing is read. Resolves when that is so. What comes
   * while one consumer follows the other is taken too.
   * @throws what the broker says of it
   */
  read(prefetch: number): Promise<void> {
    this.wanted = prefetch;
    if (this.turning !== null) return this.turning;
    if (this.current === prefetch) return Promise.resolve();
    return (this.turning = this.turn());
  }

  private async turn(): Promise<void> {
    try {
      while (this.current !== this.wanted) {
        if (this.tag === null) await this.begin(this.wanted);
        else await this.end(this.tag);
      }
    } finally {
      this.turning = null;
    }
  }

  private async begin(prefetch: number): Promise<void> {
    await this.channel.prefetch(prefetch);
    const { consumerTag } = await this.channel.consume(this.queue, this.take, { noAck: false });
    this.tag = consumerTag;
    this.current = prefetch;
  }

  private async end(tag: string): Promise<void> {
    await this.channel.cancel(tag);
    this.tag = null;
    this.current = 0;
  }
}
