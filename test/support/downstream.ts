import { randomBytes } from 'node:crypto';
import amqp, {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  type GetMessage,
} from 'amqplib';
import { declareTopology, deleteTopology, topologyNames } from '../../src/broker/topology.js';
import { RABBITMQ_URL } from './test-bridge.js';
import { faultsOfDeadLetter, faultsOfEvent, faultsOfRejectedReply } from './contract.js';

/** Messages that are looked at in a queue at the end of a test. */
const INSPECTED = 200;

/** An event as a downstream service sees it. */
export interface Received {
  readonly routingKey: string;
  readonly id: string;
  readonly messageId: string;
  readonly processId: string;
  readonly attempt: number;
  readonly objectId: string;
  readonly message: ConsumeMessage;
  readonly body: Record<string, unknown>;
}

/** A downstream service on the real broker: one queue bound to everything, and whatever replies a test wants. */
export class Downstream {
  readonly prefix: string;
  readonly received: Received[] = [];
  /** In what the bridge's messages differed from the published schemas. */
  private readonly faults = new Set<string>();
  private connection: ChannelModel | null = null;
  private ch: ConfirmChannel | null = null;

  constructor(
    private readonly onEvent: (event: Received, downstream: Downstream) => void = (event, { channel }) =>
      channel.ack(event.message),
    prefix?: string,
    private readonly url = RABBITMQ_URL,
  ) {
    this.prefix = prefix ?? `t${randomBytes(6).toString('hex')}`;
  }

  get names() {
    return topologyNames(this.prefix);
  }

  get channel(): ConfirmChannel {
    if (this.ch === null) throw new Error('not consuming yet');
    return this.ch;
  }

  /** Begins to consume, before or after the bridge has started; again on another connection, when it did before. */
  async start(
    options: { bindings?: string[]; deadLetterTo?: string; queue?: string; quorum?: boolean } = {},
  ): Promise<void> {
    await this.connection?.close().catch(() => undefined);
    this.connection = await connectToAny(this.url);
    this.connection.on('error', () => undefined);
    this.ch = await this.connection.createConfirmChannel();
    await declareTopology(this.ch, this.names);
    await this.ch.prefetch(500);
    const queue = options.queue ?? `${this.prefix}.downstream`;
    await this.ch.assertQueue(queue, {
      durable: true,
      arguments: {
        ...(options.quorum === true ? { 'x-queue-type': 'quorum' } : {}),
        ...(options.deadLetterTo === undefined ? {} : { 'x-dead-letter-exchange': options.deadLetterTo }),
      },
    });
    for (const key of options.bindings ?? ['#']) await this.ch.bindQueue(queue, this.names.events, key);
    await this.ch.consume(queue, (message) => {
      if (message !== null) this.take(message);
    });
  }

  /** Sends a reply, with the event's correlation id where one is given. */
  reply(body: unknown, event?: Received, answered?: (taken: boolean) => void): void {
    const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const correlationId: unknown = event?.message.properties.correlationId;
    this.channel.sendToQueue(
      this.names.replies,
      content,
      typeof correlationId === 'string' ? { correlationId, persistent: true } : { persistent: true },
      (error: unknown) => answered?.(error === null),
    );
  }

  /**
   * Replies, and acknowledges the event when the broker has the reply: of a broker that dies in between, or that
   * refuses the reply, comes the event again.
   */
  replyAndAcknowledge(body: unknown, event: Received): void {
    const { channel } = this;
    this.reply(body, event, (taken) => {
      try {
        if (taken) channel.ack(event.message);
        else channel.nack(event.message);
      } catch {
        // The channel is closed: what it did not acknowledge comes again.
      }
    });
  }

  /** Differences from the contract that this test asked for. */
  forgive(wanted: RegExp): void {
    for (const fault of this.faults) if (wanted.test(fault)) this.faults.delete(fault);
  }

  /** Major version of the broker: some of its limits came with 4. */
  async brokerMajor(): Promise<number> {
    const connection = await connectToAny(this.url);
    const { version } = connection.connection.serverProperties;
    await connection.close();
    return Number(String(version).split('.', 1)[0]);
  }

  async depth(queue: string): Promise<number> {
    return (await this.channel.checkQueue(queue)).messageCount;
  }

  /**
   * Deletes all that the bridge and this service declared, and disconnects.
   * @throws {Error} when a message of the bridge's, received or left in one of its queues, broke the contract
   */
  async remove(): Promise<void> {
    const connection = await connectToAny(this.url);
    const channel = await connection.createChannel();
    await declareTopology(channel, this.names);
    await this.inspect(channel, this.names.dead, (message) =>
      faultsOfDeadLetter(message, message.fields.routingKey),
    );
    await this.inspect(channel, this.names.rejected, faultsOfRejectedReply);
    await channel.deleteQueue(`${this.prefix}.downstream`);
    await deleteTopology(channel, this.names);
    await connection.close();
    await this.connection?.close().catch(() => undefined);
    if (this.faults.size > 0) throw new Error(`against the contract:\n${[...this.faults].join('\n')}`);
  }

  /** Looks at what is left in a queue. */
  private async inspect(
    channel: Channel,
    queue: string,
    faultsOf: (message: GetMessage) => string[],
  ): Promise<void> {
    for (let seen = 0; seen < INSPECTED; seen += 1) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) return;
      for (const fault of faultsOf(message)) this.faults.add(fault);
    }
  }

  private take(message: ConsumeMessage): void {
    const body = JSON.parse(message.content.toString()) as Record<string, unknown>;
    const data = body['data'] as { data?: { FIELDS?: { ID?: string } } };
    const event: Received = {
      routingKey: message.fields.routingKey,
      id: String(body['id']),
      messageId: String(body['messageid']),
      processId: String(body['processid']),
      attempt: Number(body['attempt']),
      objectId: data.data?.FIELDS?.ID ?? '',
      message,
      body,
    };
    for (const fault of faultsOfEvent(message, this.prefix)) this.faults.add(fault);
    this.received.push(event);
    this.onEvent(event, this);
  }
}

/** How long a node may take to greet; one that is down refuses at once. */
const GREETING_MS = 10_000;

/** Connects to the first of comma-separated addresses that answers. */
async function connectToAny(urls: string): Promise<ChannelModel> {
  let failure: unknown;
  for (const url of urls.split(',')) {
    try {
      return await amqp.connect(url, { timeout: GREETING_MS });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
