import { randomBytes } from 'node:crypto';
import amqp, { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import {
  declareTopology,
  deleteTopology,
  type TopologyNames,
  topologyNames,
} from '../../src/broker/topology.js';
import { type Cleanup } from './cleanup.js';

export const RABBITMQ_URL = (process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672').split(
  ',',
)[0] as string;

/** A bridge's names on the broker under a prefix of their own, and a service's queue bound to all its events. */
export class Broker {
  /** The queue that every event goes to. */
  readonly queue: string;

  private constructor(
    readonly prefix: string,
    readonly names: TopologyNames,
    private readonly connection: ChannelModel,
    private readonly channel: Channel,
  ) {
    this.queue = `${prefix}.downstream`;
  }

  /** Declares everything; it is deleted with the run. */
  static async open(cleanup: Cleanup): Promise<Broker> {
    const prefix = `bench-${randomBytes(6).toString('hex')}`;
    const connection = await amqp.connect(RABBITMQ_URL);
    // The names are deleted over a connection that works, whatever has become of this one.
    connection.on('error', () => undefined);
    const names = topologyNames(prefix);
    cleanup.defer(`delete ${prefix}.* on the broker`, async () => {
      await connection.close().catch(() => undefined);
      await Broker.delete(names, `${prefix}.downstream`);
    });
    const channel = await connection.createChannel();
    const broker = new Broker(prefix, names, connection, channel);
    await declareTopology(channel, names);
    await channel.assertQueue(broker.queue, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum' },
    });
    await channel.bindQueue(broker.queue, names.events, '#');
    return broker;
  }

  /** Settings of a bridge that works with these names. */
  get settings(): Record<string, string> {
    return { RABBITMQ_URL, AMQP_PREFIX: this.prefix };
  }

  /** What a client has to say that declares the exchange of events once more. */
  get exchangeArguments(): Record<string, string> {
    return { 'alternate-exchange': this.names.unrouted };
  }

  /** Messages ready in a queue. */
  async depth(queue: string): Promise<number> {
    return (await this.channel.checkQueue(queue)).messageCount;
  }

  /** Takes one message out of the queue of events. @throws Error when it is empty */
  async sample(): Promise<ConsumeMessage> {
    const message = await this.channel.get(this.queue, { noAck: true });
    if (message === false) throw new Error('there is no event to look at');
    return message as unknown as ConsumeMessage;
  }

  /** Binds a queue for `key` that is full from its first message on and refuses all others. */
  async fullQueue(key: string): Promise<void> {
    const { queue } = await this.channel.assertQueue('', {
      exclusive: true,
      maxLength: 1,
      arguments: { 'x-overflow': 'reject-publish' },
    });
    await this.channel.bindQueue(queue, this.names.events, key);
  }

  /** Hands the events of these keys to `onEvent`, from a queue of their own. */
  async consumeBoundTo(key: string, onEvent: (message: ConsumeMessage) => void): Promise<void> {
    const channel = await this.connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, this.names.events, key);
    await channel.consume(queue, (message) => message !== null && onEvent(message), { noAck: true });
  }

  async purge(): Promise<void> {
    await this.channel.purgeQueue(this.queue);
  }

  /** Hands every event to `onEvent` and acknowledges it. */
  async consume(onEvent: (message: ConsumeMessage) => void): Promise<void> {
    const channel = await this.connection.createChannel();
    await channel.prefetch(1000);
    await channel.consume(this.queue, (message) => {
      if (message === null) return;
      onEvent(message);
      channel.ack(message);
    });
  }

  /** Says what became of an event, as a consumer does. */
  reply(correlationId: string, body: object): void {
    this.channel.sendToQueue(this.names.replies, Buffer.from(JSON.stringify(body)), {
      correlationId,
      persistent: true,
    });
  }

  private static async delete(names: TopologyNames, queue: string): Promise<void> {
    const connection = await amqp.connect(RABBITMQ_URL);
    const channel = await connection.createChannel();
    await channel.deleteQueue(queue);
    await deleteTopology(channel, names);
    await connection.close();
  }
}
