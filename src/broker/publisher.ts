import { type BrokerStatus } from './broker-status.js';
import { ConfirmSession, NO_ROUTE, type ConfirmWindow, type SessionEnd } from './confirm-session.js';
import { type BrokerConnection } from './connection.js';
import { queueMessages } from './queue-messages.js';
import { SizeLimit } from './size-limit.js';
import { silentBrokerLogger, type BrokerLogger } from './logger.js';
import { MessageQueue } from './message-queue.js';
import {
  type QueuedMessage,
  unconfirmed,
  unsendable,
  type OutgoingMessage,
  type PublishResult,
} from './outgoing.js';
import { reasonOf } from '../logging/reason.js';

export interface PublisherOptions extends Partial<ConfirmWindow> {
  readonly logger?: BrokerLogger;
  /** Bodies over this many bytes are unsendable. Default 16 MiB, RabbitMQ 4's own limit. */
  readonly maxMessageBytes?: number;
}

const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;
const REOPEN_MAX_MS = 5000;
const CLOSE_CHANNEL_MS = 1000;
const TELL_AGAIN_MS = 60_000;

/**
 * Publishes with confirms, many in flight, over one channel shared by all callers. It never says `confirmed`
 * unless the broker did, and never repeats a message on its own, save where the channel died of another message
 * in the same flight.
 *
 * A message that makes the broker close the channel is told from its fellows (by the size limit that the broker
 * names, else by sending each of them alone) and called unsendable, so that it cannot take them down again and again.
 * One that comes back because no queue takes it is sent again to the exchange that it names for that.
 */
export class Publisher {
  private readonly window: ConfirmWindow;
  private readonly limit: SizeLimit;
  private readonly logger: BrokerLogger;
  private readonly queue = new MessageQueue();
  private readonly unsubscribe: () => void;
  private session: ConfirmSession | null = null;
  private opening = false;
  private reopenTimer: NodeJS.Timeout | null = null;
  /** Channels that ended since the last confirm. */
  private failures = 0;
  private topologyMissing = false;
  /** When a message that came back was last told of, Unix ms. */
  private toldOfReturn = 0;
  private closed = false;
  private whenIdle: (() => void) | null = null;

  constructor(
    private readonly connection: BrokerConnection,
    options: PublisherOptions = {},
  ) {
    this.window = {
      // Enough for a quorum queue to batch its disk writes; more only delays what is unconfirmed at a crash.
      maxInFlight: options.maxInFlight ?? 1000,
      maxInFlightBytes: options.maxInFlightBytes ?? 8 * 1024 * 1024,
      confirmTimeoutMs: options.confirmTimeoutMs ?? 30_000,
    };
    this.limit = new SizeLimit(options.maxMessageBytes ?? 16 * 1024 * 1024);
    this.logger = options.logger ?? silentBrokerLogger;
    this.unsubscribe = connection.onChange((status) => this.connectionChanged(status));
    this.reopen();
  }

  /**
   * Publishes `messages`, those of one flow in their order. Resolves with one result for each, in the same order, once all are
   * known; never rejects. While the broker is not reachable every result is `unconfirmed` at once; while it is
   * blocked this waits until it is unblocked, gone, or `signal` is aborted (then `unconfirmed`).
   */
  publish(
    messages: readonly OutgoingMessage[],
    options: { signal?: AbortSignal } = {},
  ): Promise<PublishResult[]> {
    const { signal } = options;
    const because = this.unusableBecause() ?? (signal?.aborted === true ? 'aborted' : null);
    if (because !== null) return Promise.resolve(messages.map(() => unconfirmed(because)));
    return queueMessages(messages, this.queue, signal, () => this.pump());
  }

  /**
   * Takes nothing new, answers `unconfirmed` for what was not sent yet, and waits up to `deadlineMs` for the
   * confirms in flight; what has none by then is `unconfirmed`.
   */
  async close(deadlineMs = 5000): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.unsubscribe();
    this.cancelReopen();
    this.failQueued('the publisher is closing');
    const { session } = this;
    if (session === null) return;
    if (!session.idle) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs);
        this.whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    await session.close(CLOSE_CHANNEL_MS);
  }

  private unusableBecause(): string | null {
    if (this.closed) return 'the publisher is closed';
    const { state, reason } = this.connection.status();
    if (state === 'up' || state === 'blocked') return null;
    return `the broker is ${state}${reason === null ? '' : `: ${reason}`}`;
  }

  private connectionChanged(status: BrokerStatus): void {
    this.session?.setBlocked(status.state === 'blocked');
    if (status.state === 'up' || status.state === 'blocked') {
      if (this.session === null) {
        // A new connection may lead to a broker with another limit.
        this.limit.reset();
        this.failures = 0;
        this.reopen();
      }
      this.pump();
    } else {
      this.cancelReopen();
      this.failQueued(this.unusableBecause() ?? 'the broker is gone');
    }
  }

  private failQueued(reason: string): void {
    for (const item of this.queue.takeAll()) item.answer(unconfirmed(reason));
  }

  private pump(): void {
    for (;;) {
      const { session } = this;
      const next = this.queue.peek();
      if (next === undefined || session === null) return;
      if (next.bytes > this.limit.bytes) {
        this.queue.shift();
        next.answer(unsendable(`the body has ${next.bytes} bytes, the limit is ${this.limit.bytes}`));
        continue;
      }
      if (!session.hasRoomFor(next) || !session.send(next)) return;
      this.queue.shift();
    }
  }

  /** Opens a channel unless there is one, later and later the more of them ended without a confirm. */
  private reopen(): void {
    if (this.opening || this.reopenTimer !== null || this.session !== null) return;
    if (this.unusableBecause() !== null) return;
    this.reopenTimer = setTimeout(() => {
      this.reopenTimer = null;
      void this.open();
    }, reopenDelayMs(this.failures));
  }

  private cancelReopen(): void {
    if (this.reopenTimer !== null) clearTimeout(this.reopenTimer);
    this.reopenTimer = null;
  }

  private async open(): Promise<void> {
    if (this.unusableBecause() !== null) return;
    this.opening = true;
    try {
      if (this.topologyMissing) {
        this.topologyMissing = false;
        await this.connection.redeclare();
      }
      const channel = await this.connection.openConfirmChannel();
      const session: ConfirmSession = new ConfirmSession(channel, this.window, {
        room: () => this.roomIn(session),
        confirmed: (exchange) => {
          this.failures = 0;
          this.connection.granted(exchange);
        },
        cameBack: (item) => this.cameBack(item),
        ended: (end) => this.ended(session, end),
      });
      if (this.closed) return void session.close(CLOSE_CHANNEL_MS);
      this.session = session;
      session.setBlocked(this.connection.status().state === 'blocked');
      this.logger.info({ event: 'publisher.open' });
    } catch (error) {
      this.failures += 1;
      this.logger.warn({ event: 'publisher.open_failed', reason: reasonOf(error) });
    } finally {
      this.opening = false;
    }
    // Does nothing with a channel, or without a connection: its return calls here again.
    this.reopen();
    this.pump();
  }

  private roomIn(session: ConfirmSession): void {
    if (session.idle) this.whenIdle?.();
    this.pump();
  }

  private cameBack(item: QueuedMessage): void {
    if (this.closed) return item.answer(unconfirmed('the publisher is closing'));
    const now = Date.now();
    if (now - this.toldOfReturn >= TELL_AGAIN_MS) {
      this.toldOfReturn = now;
      const { exchange, otherExchange, message } = item;
      const { routingKey } = message;
      this.logger.warn({ event: 'publisher.unroutable', exchange, routingKey, sentTo: otherExchange });
    }
    item.redirect();
    this.queue.putBack([item]);
  }

  private ended(session: ConfirmSession, end: SessionEnd): void {
    if (this.session === session) this.session = null;
    this.whenIdle?.();
    this.connection.channelEnded(end.reason);
    if (!this.closed) {
      this.failures += 1;
      this.logger.warn({
        event: 'publisher.channel_ended',
        code: end.code,
        reason: end.reason,
        unanswered: end.unanswered.length,
      });
    }
    if (end.code === PRECONDITION_FAILED && !this.closed) this.isolateCulprit(end);
    else for (const item of end.unanswered) item.answer(unconfirmed(end.reason));
    this.topologyMissing ||= end.code === NOT_FOUND || end.code === NO_ROUTE;
    this.reopen();
  }

  /** The broker found fault with one message of the flight; the others are sent again on the next channel. */
  private isolateCulprit(end: SessionEnd): void {
    if (this.limit.learn(end.reason)) {
      this.logger.warn({ event: 'publisher.size_limit_learned', bytes: this.limit.bytes });
    }
    const [only] = end.unanswered;
    if (end.unanswered.some((item) => item.bytes > this.limit.bytes)) {
      // The gate in front of the channel holds each of them against the lower limit.
      this.failures = 1;
      this.queue.putBack(end.unanswered);
    } else if (only?.alone === true) {
      this.failures = 1;
      only.answer(unsendable(end.reason));
    } else {
      for (const item of end.unanswered) item.alone = true;
      this.queue.putBack(end.unanswered);
    }
  }
}

/** How long to wait before a channel is opened again, after `failures` channels that brought no confirm. */
export function reopenDelayMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(REOPEN_MAX_MS, 50 * 2 ** Math.min(failures, 10));
}
