import { type Channel, type ConsumeMessage } from 'amqplib';

export interface HandLimits {
  /** No more is asked for while this much is in hand. */
  readonly fullBytes: number;
  /** What was on its way by then is taken up to here. */
  readonly mostBytes: number;
}

/** Beside body and headers: objects of ours and of the client library's. */
const MESSAGE_BYTES = 500;
/** A value in a header, whatever it is. */
const VALUE_BYTES = 50;

/** The replies that are in hand: delivered to this process, and not answered yet. */
export class RepliesInHand {
  private weight = 0;
  private messages = 0;

  constructor(
    private readonly limits: HandLimits,
    /** Some left. */
    private readonly relieved: () => void = () => undefined,
  ) {}

  get bytes(): number {
    return this.weight;
  }

  get count(): number {
    return this.messages;
  }

  get full(): boolean {
    return this.weight > this.limits.fullBytes;
  }

  /** Whether there is room for what was full before: not at once, or it would be full again with the next one. */
  get roomy(): boolean {
    return this.weight <= this.limits.fullBytes / 2;
  }

  take(message: ConsumeMessage, channel: Channel): Delivered {
    this.messages += 1;
    const delivered = new Delivered(message, channel, this);
    delivered.weighs(weightOf(message));
    return delivered;
  }

  /** One of them takes this much more. False: too much; but a single one is always taken, it would come again for ever. */
  weighs(bytes: number): boolean {
    this.weight += bytes;
    return this.messages === 1 || this.weight <= this.limits.mostBytes;
  }

  /** One of them that took this much was answered. */
  gone(bytes: number): void {
    this.messages -= 1;
    this.weight -= bytes;
    this.relieved();
  }
}

/** A message of the reply queue that is in hand until it is answered. The first answer counts. */
export class Delivered {
  private weight = 0;
  private fits = true;
  private answered = false;

  constructor(
    readonly message: ConsumeMessage,
    private readonly channel: Channel,
    private readonly hand: Pick<RepliesInHand, 'weighs' | 'gone'>,
  ) {}

  /** It takes this much more memory. False: there is too much in hand, and it has to be given back. */
  weighs(bytes: number): boolean {
    if (this.answered) return this.fits;
    this.weight += bytes;
    this.fits = this.hand.weighs(bytes);
    return this.fits;
  }

  /** Whether it is too much beside the others that are in hand. */
  get tooMuch(): boolean {
    return !this.fits;
  }

  acknowledge(): void {
    this.answer(() => this.channel.ack(this.message));
  }

  /** To where its queue's own dead-lettering leads. */
  deadLetter(): void {
    this.answer(() => this.channel.nack(this.message, false, false));
  }

  /** The broker delivers it again, here or elsewhere. */
  giveBack(): void {
    this.answer(() => this.channel.nack(this.message, false, true));
  }

  private answer(how: () => void): void {
    if (this.answered) return;
    this.answered = true;
    try {
      how();
    } catch {
      // The channel has closed meanwhile: it comes again, which has no effect.
    }
    this.hand.gone(this.weight);
  }
}

/** What a message takes in memory, roughly. */
function weightOf({ content, properties }: ConsumeMessage): number {
  return MESSAGE_BYTES + content.length + weightOfValue(properties.headers);
}

/** RabbitMQ bounds headers by the size of a frame, 128 KiB. */
function weightOfValue(value: unknown): number {
  if (typeof value === 'string') return VALUE_BYTES + value.length;
  if (Buffer.isBuffer(value)) return VALUE_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  let weight = VALUE_BYTES;
  for (const [name, part] of Object.entries(value)) weight += name.length + weightOfValue(part);
  return weight;
}
