import { type Channel, type ConsumeMessage } from 'amqplib';

/** Of messages that are passed by, so many fit into one consumer's window before another is opened. */
const WINDOW = 500;
/** Where nothing comes for so long, nothing is left: others may read the queue, too. */
const IDLE_MS = 1500;

/**
 * Reads a queue from its head, as far as its messages reached at the start. What is read is held: acknowledged, or given
 * back in its old place when the channel closes. Nothing of it is lost whenever the process ends.
 */
export class HeldMessages {
  private readonly waiting: ConsumeMessage[] = [];
  private wake: (() => void) | null = null;
  private held = 0;
  private room = 0;
  private left: number;
  private failure: Error | null = null;

  private constructor(
    private readonly channel: Channel,
    private readonly queue: string,
    /** How many lay there at the start. */
    readonly there: number,
  ) {
    this.left = there;
    channel.on('close', () => this.failed('the channel to the broker was closed'));
  }

  /** @throws the broker's error, where there is no such queue or no right to read it */
  static async open(channel: Channel, queue: string): Promise<HeldMessages> {
    const { messageCount } = await channel.checkQueue(queue);
    return new HeldMessages(channel, queue, messageCount);
  }

  /**
   * The next message; null behind the last one.
   * @throws Error when the channel ended
   */
  async next(): Promise<ConsumeMessage | null> {
    if (this.left === 0) return null;
    if (this.waiting.length === 0) {
      if (this.held >= this.room) await this.widen();
      if (this.waiting.length === 0) await this.arrival();
    }
    if (this.failure !== null) throw this.failure;
    const message = this.waiting.shift();
    if (message === undefined) return null;
    this.left -= 1;
    this.held += 1;
    return message;
  }

  /** The message is where it belongs: it leaves the queue. */
  done(message: ConsumeMessage): void {
    this.channel.ack(message);
    this.held -= 1;
  }

  /** A consumer with a window of its own: what is held would stop the others. */
  private async widen(): Promise<void> {
    const window = Math.max(WINDOW, this.room);
    this.room += window;
    await this.channel.prefetch(window);
    await this.channel.consume(this.queue, (message) => {
      if (message === null) return this.failed('the queue was deleted');
      this.waiting.push(message);
      this.wake?.();
    });
  }

  private async arrival(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, IDLE_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = null;
  }

  private failed(reason: string): void {
    this.failure ??= new Error(reason);
    this.wake?.();
  }
}

/**
 * RabbitMQ 4 drops from a quorum queue what was given back twenty times, and a look gives back what it saw: messages
 * that were given back so often are not passed by any more.
 */
const MOST_GIVEN_BACK = 12;
const COUNTS_FROM_VERSION = 4;

/** Whether passing a message by once more could bring it near the limit at which the broker drops it. */
export function isWorn(channel: Channel, { properties }: ConsumeMessage): boolean {
  const version = Number.parseInt(String(channel.connection.serverProperties.version), 10);
  const count: unknown = properties.headers?.['x-delivery-count'];
  return version >= COUNTS_FROM_VERSION && typeof count === 'number' && count >= MOST_GIVEN_BACK;
}
