import { type Channel, type ChannelModel, type ConsumeMessage, type Options } from 'amqplib';
import { type AmqpConnectionManager } from 'amqp-connection-manager';
import { type RmqContext, ServerRMQ } from '@nestjs/microservices';
import { type LoggerService } from '@nestjs/common';
import { BrokerAddresses } from '../broker/addresses.js';
import { destroySocket } from '../broker/amqp-handles.js';
import { connectionTiming, managerOptions } from '../broker/connection-timing.js';
import { BrokerTimeout, within } from '../broker/deadlines.js';
import { type Log } from '../log.js';

/** A message of the reply queue with the channel on which it has to be acknowledged. */
export interface Delivered {
  readonly message: ConsumeMessage;
  readonly channel: Channel;
}

export interface ReplyServerOptions {
  readonly urls: string[];
  readonly queue: string;
  readonly queueOptions: Options.AssertQueue;
  /** Called when the queue may be gone: what leads to it has to be declared with it. */
  readonly declare: () => void;
  /** Replies in hand at most: what is not acknowledged yet. */
  readonly prefetchCount: number;
}

/** Name of the one handler: replies carry no pattern of their own, and an event that comes back carries its key. */
const PATTERN = 'bridge.reply';
const RECONNECT_AFTER_MS = 2000;
/** A broker that cannot start a consumer in this time is stuck, and another may not be. */
const SETUP_TIMEOUT_MS = 20_000;
const CLOSE_TIMEOUT_MS = 1000;

/**
 * The reply queue as a NestJS RMQ microservice: the transport connects, reconnects and dispatches; every message
 * goes, as it is, to one handler, which acknowledges it when the ledger has it.
 *
 * The transport itself gives up a consumer whose channel closed or whose queue was deleted; this one connects anew.
 */
export class ReplyServer extends ServerRMQ {
  // The transport's lines are unstructured; only its complaints are passed on.
  protected override readonly logger: LoggerService = {
    log: () => undefined,
    warn: (message: unknown) => this.log.warn({ event: 'replies.transport', reason: describe(message) }),
    error: (message: unknown) => this.log.warn({ event: 'replies.transport', reason: describe(message) }),
  };
  private closing = false;
  private again: NodeJS.Timeout | null = null;
  /** `host:port` of the broker that the connection leads to, or led to last. */
  private host = '';

  constructor(
    private readonly replies: ReplyServerOptions,
    private readonly log: Log,
    handler: (delivered: Delivered) => void,
  ) {
    super({
      urls: replies.urls,
      queue: replies.queue,
      noAck: false,
      socketOptions: managerOptions(connectionTiming(replies.urls.length), 'bitrix24-offline-bridge replies'),
      // As JSON, which the transport tries to parse: a failed try would cost more than all else per reply.
      deserializer: { deserialize: () => ({ pattern: JSON.stringify(PATTERN), data: undefined }) },
    });
    this.addHandler(
      PATTERN,
      (_data: unknown, context: RmqContext) => {
        handler({
          message: context.getMessage() as ConsumeMessage,
          channel: context.getChannelRef() as Channel,
        });
        return Promise.resolve();
      },
      true,
    );
  }

  override async setupChannel(channel: Channel, callback: () => void): Promise<void> {
    channel.on('error', (error: Error) => this.connectAgain(error.message));
    channel.on('close', () => this.connectAgain('channel closed'));
    try {
      await within(SETUP_TIMEOUT_MS, this.consume(channel));
      this.log.info({ event: 'replies.consuming', queue: this.replies.queue, host: this.host });
    } catch (error) {
      // A broker that is merely stuck has lost nothing.
      const missing = !(error instanceof BrokerTimeout);
      this.connectAgain(error instanceof Error ? error.message : String(error), missing);
    }
    callback();
  }

  /**
   * A connection that ends while its channel is being opened shows as an `error` of the transport's channel, which
   * has no listener for it and would end the process. The connection manager opens another.
   */
  override async createClient<T>(): Promise<T> {
    const manager = await super.createClient<AmqpConnectionManager>();
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

  override async close(): Promise<void> {
    this.closing = true;
    if (this.again !== null) clearTimeout(this.again);
    await super.close();
  }

  private async consume(channel: Channel): Promise<void> {
    await channel.assertQueue(this.replies.queue, this.replies.queueOptions);
    await channel.prefetch(this.replies.prefetchCount);
    await channel.consume(
      this.replies.queue,
      (message) => {
        if (message === null) this.connectAgain('the broker cancelled the consumer');
        else void this.handleMessage(message, channel);
      },
      { noAck: false },
    );
  }

  private connectAgain(reason: string, missing = true): void {
    if (this.closing || this.again !== null) return;
    this.log.warn({ event: 'replies.interrupted', queue: this.replies.queue, host: this.host, reason });
    const manager = this.unwrap<AmqpConnectionManager>();
    const broken = manager.connection;
    const alone = () => !this.closing && broken !== undefined && manager.connection === broken;
    // A channel is told of the end of its connection before the manager is, which then opens another by itself.
    setImmediate(() => {
      // Until it is declared, events that consumers reject are dropped.
      if (missing && alone()) this.replies.declare();
    });
    this.again = setTimeout(() => {
      this.again = null;
      if (broken !== undefined && alone()) void leave(broken);
    }, RECONNECT_AFTER_MS);
  }
}

/** Ends a connection, whether the broker agrees or not: the manager then opens the next. */
async function leave(model: ChannelModel): Promise<void> {
  await within(CLOSE_TIMEOUT_MS, model.close()).catch(() => undefined);
  destroySocket(model);
}

function describe(message: unknown): string {
  const cause = typeof message === 'object' && message !== null && 'err' in message ? message.err : message;
  return cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : JSON.stringify(cause);
}
