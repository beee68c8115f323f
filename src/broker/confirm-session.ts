import { type ConfirmChannel, type Message } from 'amqplib';
import { closeQuietly } from './amqp-handles.js';
import { within } from '../timing/within.js';
import { confirmed, refused, type QueuedMessage, unsendable } from './outgoing.js';
import { brokerText, replyCode } from './topology.js';
import { reasonOf } from '../logging/reason.js';

export interface ConfirmWindow {
  /** Messages sent and not yet answered, at most. */
  readonly maxInFlight: number;
  /** Bytes of body sent and not yet answered, at most; a single larger message still goes, alone. */
  readonly maxInFlightBytes: number;
  /** How long one message may wait for its answer, in milliseconds, not counting while the broker is blocked. */
  readonly confirmTimeoutMs: number;
}

/** The code of a message that comes back because no queue takes it. */
export const NO_ROUTE = 312;

/** How a channel ended. */
export interface SessionEnd {
  /** The broker's reply code when the broker closed the channel or sent a message back. */
  readonly code: number | null;
  readonly reason: string;
  /** What was in flight, in the order sent, still unanswered. */
  readonly unanswered: readonly QueuedMessage[];
}

interface SessionEvents {
  /** A message was answered or the channel's buffer drained: there may be room for more. */
  room(): void;
  confirmed(exchange: string): void;
  /** No queue took it, and it has another exchange to go to. */
  cameBack(item: QueuedMessage): void;
  /** Called exactly once. */
  ended(end: SessionEnd): void;
}

/** One confirm channel from opening to end, and the messages in flight on it. Never outlives its channel. */
export class ConfirmSession {
  private readonly inFlight = new Set<QueuedMessage>();
  private bytesInFlight = 0;
  private drained = true;
  /** Sending has failed because the channel is closing; its `close` is yet to come. */
  private closing = false;
  private over = false;
  private failure: unknown = null;
  private blocked = false;
  /** Time spent blocked does not count against a message: its wait begins here at the earliest. */
  private clockFrom = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly channel: ConfirmChannel,
    private readonly window: ConfirmWindow,
    private readonly events: SessionEvents,
  ) {
    channel.on('error', (error) => (this.failure = error));
    // It comes before the confirm, which the broker also gives for what it could route nowhere.
    channel.on('return', (message: Message) => this.returned(message));
    // Before the client library's own listener, which reports every open confirm as failed, one by one.
    channel.prependListener('close', () => this.channelClosed());
    channel.on('drain', () => {
      this.drained = true;
      if (!this.over) this.events.room();
    });
  }

  get idle(): boolean {
    return this.inFlight.size === 0;
  }

  /** Whether `next` may be sent now. */
  hasRoomFor(next: QueuedMessage): boolean {
    if (this.over || this.closing || this.blocked || !this.drained) return false;
    const [oldest] = this.inFlight;
    if (oldest === undefined) return true;
    if (next.alone || oldest.alone) return false;
    return (
      this.inFlight.size < this.window.maxInFlight &&
      this.bytesInFlight + next.bytes <= this.window.maxInFlightBytes
    );
  }

  /** Sends it. False when the channel cannot take it any more: it was not sent and has no answer. */
  send(item: QueuedMessage): boolean {
    const { routingKey, body, properties } = item.message;
    try {
      this.drained = this.channel.publish(
        item.exchange,
        routingKey,
        body,
        { persistent: true, ...properties, mandatory: true },
        (error: unknown) => this.answered(item, error),
      );
    } catch (error) {
      if (error instanceof Error && error.name === 'IllegalOperationError') {
        this.closing = true;
        return false;
      }
      // Thrown while encoding, before anything was written: too long a key, a header of no known type.
      item.answer(unsendable(reasonOf(error)));
      return true;
    }
    item.sentAt = Date.now();
    item.cameBack = false;
    this.inFlight.add(item);
    this.bytesInFlight += item.bytes;
    this.watch();
    return true;
  }

  setBlocked(blocked: boolean): void {
    if (this.blocked && !blocked) this.clockFrom = Date.now();
    this.blocked = blocked;
    if (!blocked) this.watch();
  }

  /** Gives the channel up; its messages in flight go to `ended`. */
  abandon(reason: string, code: number | null = null): void {
    if (this.over) return;
    this.end({ code, reason });
    void closeQuietly(this.channel);
  }

  /** Closes a channel whose work is done; waits at most `ms` for the broker to agree. */
  async close(ms: number): Promise<void> {
    this.end({ code: null, reason: 'closed by the bridge' });
    await within(ms, closeQuietly(this.channel)).catch(() => undefined);
  }

  private answered(item: QueuedMessage, error: unknown): void {
    if (this.over || !this.inFlight.delete(item)) return;
    this.bytesInFlight -= item.bytes;
    if (error !== null && error !== undefined) {
      item.answer(refused);
    } else {
      this.events.confirmed(item.exchange);
      if (item.cameBack) this.events.cameBack(item);
      else item.answer(confirmed);
    }
    this.events.room();
  }

  private returned({ fields, properties }: Message): void {
    for (const item of this.inFlight) {
      const { routingKey, properties: own } = item.message;
      if (item.cameBack || item.exchange !== fields.exchange || routingKey !== fields.routingKey) continue;
      if (own.messageId !== properties.messageId || own.correlationId !== properties.correlationId) continue;
      if (item.otherExchange === null) break;
      item.cameBack = true;
      return;
    }
    // Every exchange of ours but the one for events leads to a queue of ours, which must be gone.
    this.abandon('the broker has no queue for a message', NO_ROUTE);
  }

  private channelClosed(): void {
    if (this.failure === null)
      this.end({ code: null, reason: 'the channel closed before the broker confirmed' });
    else this.end({ code: replyCode(this.failure), reason: brokerText(this.failure) });
  }

  private end(how: { code: number | null; reason: string }): void {
    if (this.over) return;
    this.over = true;
    if (this.timer !== null) clearTimeout(this.timer);
    const unanswered = [...this.inFlight];
    this.inFlight.clear();
    this.events.ended({ ...how, unanswered });
  }

  /** Looks at the oldest message when its time is up; there is always one timer at most. */
  private watch(): void {
    if (this.timer !== null || this.over) return;
    const [oldest] = this.inFlight;
    if (oldest === undefined || this.blocked) return;
    const due = Math.max(oldest.sentAt, this.clockFrom) + this.window.confirmTimeoutMs;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        const [first] = this.inFlight;
        if (first === undefined || this.blocked) return;
        const waited = Date.now() - Math.max(first.sentAt, this.clockFrom);
        if (waited >= this.window.confirmTimeoutMs) {
          this.abandon(`the broker did not confirm within ${this.window.confirmTimeoutMs} ms`);
        } else {
          this.watch();
        }
      },
      Math.max(1, due - Date.now()),
    );
    this.timer.unref();
  }
}
