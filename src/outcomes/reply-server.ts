import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { type AmqpConnectionManager } from 'amqp-connection-manager';
import { ServerRMQ } from '@nestjs/microservices';
import { type LoggerService } from '@nestjs/common';
import { BrokerAddresses } from '../broker/addresses.js';
import { brokersOf } from '../broker/broker-login.js';
import { closeConnection, destroySocket } from '../broker/amqp-handles.js';
import { connectionTiming, managerOptions } from '../broker/connection-timing.js';
import { TimedOut, within } from '../timing/within.js';
import { type Log } from '../logging/log.js';
import { Prefetch } from './prefetch.js';
import { type Delivered, type HandLimits, RepliesInHand } from './replies-in-hand.js';
import { ReplyConsumer } from './reply-consumer.js';
import { reasonOf } from '../logging/reason.js';

interface ReplyServerOptions {
  readonly urls: string[];
  readonly queue: string;
  /** Called when the queue may be gone: what leads to it has to be declared with it. */
  readonly declare: () => void;
  /** How much is asked for at once, and how much is in hand at most: what is not answered yet. */
  readonly limits: HandLimits & { readonly messages: number };
  /** The queue is being read on this channel from now on; `reading` tells whether it is at present. */
  readonly began: (channel: Channel, reading: () => boolean) => void;
  /** It is not read on this channel any more, where it was. */
  readonly ended: (channel: Channel) => void;
  /** Why a channel that was to read it ended. */
  readonly interrupted: (reason: string) => void;
}

const RECONNECT_AFTER_MS = 2000;
/** A broker that cannot start a consumer in this time is stuck, and another may not be. */
const SETUP_TIMEOUT_MS = 20_000;
const CLOSE_TIMEOUT_MS = 1000;

/**
 * The reply queue as a NestJS RMQ microservice: the transport connects and reconnects; every message goes, as it is, to
 * one handler, which acknowledges it when the ledger has it.
 *
 * The transport itself gives up a consumer whose channel closed or whose queue was deleted; this one connects anew.
 */
export class ReplyServer extends ServerRMQ {
  // The transport's lines are unstructured; only its warnings and errors are passed on.
  protected override readonly logger: LoggerService = {
    log: () => undefined,
    warn: (message: unknown) => this.log.warn({ event: 'replies.transport', reason: describe(message) }),
    error: (message: unknown) => this.log.warn({ event: 'replies.transport', reason: describe(message) }),
  };
  private closing = false;
  private paused = false;
  private consumer: ReplyConsumer | null = null;
  /** Enough is in hand. */
  private full = false;
  private readonly hand: RepliesInHand;
  private readonly pace: Prefetch;
  /** Ends a useless connection soon. */
  private again: { readonly timer: NodeJS.Timeout; readonly broken: unknown } | null = null;
  /** `host:port` of the broker that the connection leads to, or led to last. */
  private host = '';

  constructor(
    private readonly replies: ReplyServerOptions,
    private readonly log: Log,
    private readonly handler: (delivered: Delivered) => void,
  ) {
    const socketOptions = managerOptions(
      connectionTiming(replies.urls.length),
      'bitrix24-offline-bridge replies',
    );
    super({
      // The transport's type knows less than its connection manager, which gets them as they are.
      urls: brokersOf(replies.urls, socketOptions.connectionOptions) as unknown as string[],
      queue: replies.queue,
      noAck: false,
      socketOptions,
    });
    const { limits } = replies;
    this.hand = new RepliesInHand(limits, () => this.follow());
    this.pace = new Prefetch({ bytes: limits.fullBytes, messages: limits.messages });
  }

  override async setupChannel(channel: Channel, callback: () => void): Promise<void> {
    channel.on('error', (error: Error) => this.connectAgain(channel, reasonOf(error)));
    channel.on('close', () => {
      if (this.consumer?.channel === channel) this.consumer = null;
      this.connectAgain(channel, 'channel closed');
    });
    try {
      await within(SETUP_TIMEOUT_MS, this.consume(channel));
    } catch (error) {
      // A broker that is merely stuck has lost nothing.
      const missing = !(error instanceof TimedOut);
      this.connectAgain(channel, reasonOf(error), missing);
    }
    callback();
  }

  /**
   * A connection that ends while its channel is being opened shows as an `error` of the transport's channel, which
   * has no listener for it and would end the process. The connection manager opens another.
   */
  override async createClient<T>(): Promise<T> {
    const manager = await super.createClient<AmqpConnectionManager>();
    // It was closed while the client library was being loaded.
    if (this.closing) void closeConnection(manager);
    manager.on('connect', ({ url }: { url: unknown }) => (this.host = BrokerAddresses.hostOf(String(url))));
    const create = manager.createChannel.bind(manager);
    manager.createChannel = (options) => {
      const channel = create(options);
      channel.on('error', (error: unknown) => {
        if (!this.closing) this.log.warn({ event: 'replies.transport', reason: describe(error) });
      });
      return channel;
    };
    return manager as T;
  }

  /**
   * The transport's own would parse the body first, however large it is, and look for a handler of its pattern: replies
   * carry none, and an event that comes back carries its key.
   */
  override handleMessage(message: ConsumeMessage, channel: Channel): Promise<void> {
    this.handler(this.hand.take(message, channel));
    this.pace.came(message.content.length);
    this.follow();
    return Promise.resolve();
  }

  /** Whether something is asked of the queue at present. */
  get reading(): boolean {
    return this.consumer?.reading === true;
  }

  /** Reads nothing more: the queue is another's. What is in hand is still recorded and acknowledged. */
  pause(): void {
    if (this.paused) return;
    this.paused = true;
    if (this.consumer === null) return;
    this.replies.ended(this.consumer.channel);
    this.log.warn({ event: 'replies.paused', queue: this.replies.queue });
    this.follow();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    const { consumer } = this;
    if (consumer !== null) this.begin(consumer).catch((error: unknown) => this.failed(consumer, error));
  }

  override async close(): Promise<void> {
    this.closing = true;
    if (this.again !== null) clearTimeout(this.again.timer);
    // The transport's own waits for its channel first, which a broker that is gone never agrees to end.
    const manager = this.server as AmqpConnectionManager | null;
    if (manager !== null) await closeConnection(manager);
  }

  private async consume(channel: Channel): Promise<void> {
    // Declared by the connection that publishes; a queue that is missing ends this channel and is declared again.
    const consumer = new ReplyConsumer(channel, this.replies.queue, (message) => {
      if (message === null) this.connectAgain(channel, 'the broker cancelled the consumer');
      else void this.handleMessage(message, channel);
    });
    this.consumer = consumer;
    // What was in hand of another channel comes again on this one.
    if (!this.paused) await this.begin(consumer);
  }

  private async begin(consumer: ReplyConsumer): Promise<void> {
    await this.read(consumer);
    if (this.paused || this.consumer !== consumer) return;
    this.replies.began(consumer.channel, () => this.reading);
    this.log.info({ event: 'replies.consuming', queue: this.replies.queue, host: this.host });
  }

  /** Asks for as much as is good now. */
  private follow(): void {
    if (this.consumer === null || this.closing) return;
    const { consumer } = this;
    this.full = this.full ? !this.hand.roomy : this.hand.full;
    // Told with every message and every answer.
    if (consumer.reads(this.wanted())) return;
    this.read(consumer).catch((error: unknown) => this.failed(consumer, error));
  }

  private failed({ channel }: ReplyConsumer, error: unknown): void {
    this.connectAgain(channel, reasonOf(error));
  }

  private read(consumer: ReplyConsumer): Promise<void> {
    return consumer.read(this.wanted());
  }

  private wanted(): number {
    return this.paused || this.full ? 0 : this.pace.prefetch;
  }

  private connectAgain(channel: Channel, reason: string, missing = true): void {
    this.replies.ended(channel);
    this.replies.interrupted(reason);
    const manager = this.unwrap<AmqpConnectionManager>();
    const broken = manager.connection;
    // What is planned for an earlier connection does nothing for this one.
    if (this.closing || (this.again !== null && this.again.broken === broken)) return;
    if (this.again !== null) clearTimeout(this.again.timer);
    this.log.warn({ event: 'replies.interrupted', queue: this.replies.queue, host: this.host, reason });
    const alone = () => !this.closing && broken !== undefined && manager.connection === broken;
    // A channel is told of the end of its connection before the manager is, which then opens another by itself.
    setImmediate(() => {
      // Until it is declared, events that consumers reject are dropped.
      if (missing && alone()) this.replies.declare();
    });
    const timer = setTimeout(() => {
      this.again = null;
      if (broken !== undefined && alone()) void leave(broken);
    }, RECONNECT_AFTER_MS);
    this.again = { timer, broken };
  }
}

/** Ends a connection, whether the broker agrees or not: the manager then opens the next. */
async function leave(model: ChannelModel): Promise<void> {
  await within(CLOSE_TIMEOUT_MS, model.close()).catch(() => undefined);
  destroySocket(model);
}

function describe(message: unknown): string {
  const cause = typeof message === 'object' && message !== null && 'err' in message ? message.err : message;
  return cause instanceof Error || typeof cause === 'string' ? reasonOf(cause) : JSON.stringify(cause);
}
