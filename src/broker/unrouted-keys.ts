import { randomBytes } from 'node:crypto';
import { type Channel, type ConsumeMessage } from 'amqplib';
import { closeQuietly } from './amqp-handles.js';
import { type BrokerConnection } from './connection.js';
import { brokerText, lacksRight, type TopologyNames } from './topology.js';
import { reasonOf } from '../logging/reason.js';

/** Events that no queue was bound to, by their routing key. */
interface UnroutedKey {
  readonly key: string;
  readonly count: number;
  /** When the last one was seen, Unix ms. */
  readonly lastAt: number;
}

/** What was seen since this process started. */
export interface UnroutedReport {
  /** Those with the most events first. */
  readonly keys: readonly UnroutedKey[];
  /** Why nothing is seen at present; null while events are watched. */
  readonly blind: string | null;
}

/** Looked at together, so often: a flood of a thousand a second is seen whole, of a greater one a part. */
const AT_ONCE = 100;
const PAUSE_MS = 100;
const WAITING = { 'x-max-length': 1000, 'x-max-length-bytes': 4_000_000 };
/** Hooks may make as many routing keys as there are objects. */
const KEYS = 200;
const AGAIN_MS = 5000;

/**
 * Watches which routing keys no queue is bound to. It listens beside the queue that keeps those events, at a queue of
 * its own that ends with the connection, and takes nothing out of the one that counts: reading there and putting back
 * would count as a delivery, and a quorum queue drops what was delivered too often. What came before it listened it
 * does not know.
 */
export class UnroutedKeys {
  private readonly seen = new Map<string, { count: number; lastAt: number }>();
  private channel: Channel | null = null;
  private opening = false;
  private blind: string | null = 'not started';
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly connection: Pick<BrokerConnection, 'openChannel' | 'onChange' | 'status'>,
    private readonly names: TopologyNames,
    private readonly now: () => number = Date.now,
  ) {}

  /** Begins, and begins again whenever the connection is back; ends when that is closed for good. */
  start(): void {
    this.connection.onChange(({ state }) => {
      if (state === 'up') void this.open();
      if (state === 'closed' && this.timer !== null) clearTimeout(this.timer);
    });
    void this.open();
  }

  report(): UnroutedReport {
    const keys = [...this.seen].map(([key, facts]) => ({ key, ...facts }));
    keys.sort((left, right) => right.count - left.count || left.key.localeCompare(right.key));
    return { keys, blind: this.blind };
  }

  private async open(): Promise<void> {
    const { state, reason } = this.connection.status();
    if (state !== 'up' && state !== 'blocked') {
      this.blind = `the broker is ${state}${reason === null ? '' : `: ${reason}`}`;
      return;
    }
    if (this.channel !== null || this.opening) return;
    this.opening = true;
    try {
      const channel = await this.connection.openChannel();
      channel.once('close', () => this.ended(channel, 'the connection was lost'));
      this.channel = channel;
      const queue = `${this.names.unrouted}.watch-${randomBytes(6).toString('hex')}`;
      await channel.assertQueue(queue, {
        exclusive: true,
        autoDelete: true,
        durable: false,
        arguments: WAITING,
      });
      await channel.bindQueue(queue, this.names.unrouted, '');
      await channel.prefetch(AT_ONCE);
      let unacknowledged: ConsumeMessage | null = null;
      await channel.consume(queue, (message) => {
        if (message === null) return this.ended(channel, 'the queue was deleted');
        this.note(message.fields.routingKey);
        if (unacknowledged === null) {
          setTimeout(() => {
            if (unacknowledged !== null && this.channel === channel) acknowledge(channel, unacknowledged);
            unacknowledged = null;
          }, PAUSE_MS).unref();
        }
        unacknowledged = message;
      });
      if (this.channel === channel) this.blind = null;
    } catch (error) {
      const reason = lacksRight(error)
        ? `this user of the broker may not declare a queue of its own: ${brokerText(error)}`
        : reasonOf(error);
      if (this.channel === null) this.again(reason);
      // The broker has closed the channel, and its end told of nothing but that.
      else this.ended(this.channel, reason);
    } finally {
      this.opening = false;
    }
  }

  private ended(channel: Channel, reason: string): void {
    if (this.channel !== channel) return;
    this.channel = null;
    void closeQuietly(channel);
    this.again(reason);
  }

  private again(reason: string): void {
    this.blind = reason;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.open(), AGAIN_MS);
    this.timer.unref();
  }

  private note(key: string): void {
    const before = this.seen.get(key);
    if (before === undefined && this.seen.size >= KEYS) this.forgetOldest();
    this.seen.set(key, { count: (before?.count ?? 0) + 1, lastAt: this.now() });
  }

  private forgetOldest(): void {
    let oldest: string | null = null;
    let least = Infinity;
    for (const [key, { lastAt }] of this.seen) if (lastAt < least) [oldest, least] = [key, lastAt];
    if (oldest !== null) this.seen.delete(oldest);
  }
}

/** With all before it. A connection that is closing takes no acknowledgement: its queue ends with it, and so do its messages. */
function acknowledge(channel: Channel, message: ConsumeMessage): void {
  try {
    channel.ack(message, true);
  } catch {
    // The channel's own end is heard by its listeners.
  }
}
