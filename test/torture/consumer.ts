import { createHash } from 'node:crypto';
import amqp, { type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import { type TopologyNames } from '../../src/broker/topology.js';
import { type ArrivedState, stateOf } from './arrived-state.js';
import { isSpoilt } from './numbers.js';

/** One message as it arrived. */
export interface Arrival {
  readonly id: string;
  readonly memberId: string;
  readonly messageId: string;
  readonly processId: string;
  readonly code: string;
  readonly subject: string;
  /** Null: the portal's own. */
  readonly origin: string | null;
  readonly state: ArrivedState | null;
  readonly attempt: number;
  /** Unix ms. */
  readonly at: number;
  readonly dead: boolean;
  /** The numbers of its data are not those that the portal sent. */
  readonly spoilt: boolean;
  /** A failure of it was reported, and the broker has confirmed the report. */
  reported: boolean;
}

/** Reads a message's body. */
export function arrivalOf(text: string, dead: boolean): Arrival {
  const body = JSON.parse(text) as Record<string, unknown>;
  return {
    id: String(body['id']),
    memberId: String(body['memberid']),
    messageId: String(body['messageid']),
    processId: String(body['processid']),
    code: String(body['type']),
    subject: String(body['subject']),
    origin: typeof body['origin'] === 'string' ? body['origin'] : null,
    state: stateOf(body),
    attempt: Number(body['attempt']),
    at: Date.now(),
    dead,
    spoilt: isSpoilt(text, String(body['subject'])),
    reported: false,
  };
}

/** What a consumer makes of a delivery: the same for every copy of it, whenever it comes. */
function verdictOf(messageId: string, attempt: number): 'ok' | 'failed' {
  const roll = createHash('md5').update(messageId).digest().readUInt16BE(0) % 1000;
  // A few objects never work out; more fail once or twice.
  if (roll < 8) return 'failed';
  return roll < 60 && attempt <= (roll % 2) + 1 ? 'failed' : 'ok';
}

/**
 * A downstream service that survives its broker: it reconnects until it is told to stop, and fails a part of the
 * events by each kind of reply.
 */
export class StubbornConsumer {
  readonly arrivals: Arrival[] = [];
  failuresReported = 0;
  /** Whether its queue has been declared and consumed once. */
  consuming = false;
  readonly queue: string;
  private stopping = false;
  private running: Promise<void> | null = null;

  constructor(
    private readonly url: string,
    private readonly names: TopologyNames,
  ) {
    this.queue = `${names.events}.torture`;
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.session();
      } catch {
        // The broker is being tormented; it comes back.
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  private async session(): Promise<void> {
    const connection = await amqp.connect(this.url, { timeout: 3000 });
    let broken = false;
    const closed = new Promise<void>((resolve) => connection.once('close', resolve));
    connection.on('error', () => (broken = true));
    try {
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => (broken = true));
      channel.on('close', () => (broken = true));
      await channel.prefetch(200);
      const { queue } = this;
      await channel.assertQueue(queue, {
        durable: true,
        arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': this.names.failures },
      });
      await channel.bindQueue(queue, this.names.events, '#');
      const take = (dead: boolean) => (message: ConsumeMessage | null) => {
        if (message === null) broken = true;
        else this.take(channel, message, dead);
      };
      await channel.consume(queue, take(false));
      await channel.consume(this.names.dead, take(true));
      this.consuming = true;
      while (!this.stopping && !broken) await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      await Promise.race([connection.close().catch(() => undefined), closed, pause(1000)]);
    }
  }

  private take(channel: ConfirmChannel, message: ConsumeMessage, dead: boolean): void {
    const text = message.content.toString();
    const body = JSON.parse(text) as Record<string, unknown>;
    const arrival = arrivalOf(text, dead);
    this.arrivals.push(arrival);
    try {
      if (dead || verdictOf(arrival.messageId, arrival.attempt) === 'ok') return channel.ack(message);
      this.failuresReported += 1;
      // Dead-lettering by the broker may lose a message when the broker is killed, so nobody counts on this report.
      if (this.failuresReported % 4 === 0) return channel.nack(message, false, false);
      this.report(channel, message, body, () => {
        arrival.reported = true;
        acknowledge(channel, message);
      });
    } catch {
      // The channel is gone: the message comes again.
    }
  }

  /** Reports a failure in one of three ways; `done` once the broker has the report. */
  private report(
    channel: ConfirmChannel,
    { properties }: ConsumeMessage,
    { memberid: member_id, processid: process_id, messageid }: Record<string, unknown>,
    done: () => void,
  ): void {
    const correlationId = String(properties.correlationId);
    const send = (reply: unknown, options: amqp.Options.Publish = {}, confirmed?: () => void) =>
      channel.sendToQueue(
        this.names.replies,
        Buffer.from(JSON.stringify(reply)),
        { persistent: true, ...options },
        (error: unknown) => {
          if (error === null) confirmed?.();
        },
      );
    switch (this.failuresReported % 4) {
      case 1:
        send({ status: 'failed', reason: 'torture' }, { correlationId }, done);
        break;
      case 2:
        send({ isDisposed: true, err: 'torture' }, { correlationId }, done);
        break;
      default:
        // Twice, and once more as a stranger.
        send({ member_id, process_id, message_id: [messageid], reason: 'torture' });
        send({ member_id, process_id, message_id: [messageid], reason: 'torture' }, {}, done);
        send({ status: 'failed' }, { correlationId: 'nobody:nothing:1:never' });
    }
  }
}

/** A channel that is gone acknowledges nothing: the message comes again. */
function acknowledge(channel: ConfirmChannel, message: ConsumeMessage): void {
  try {
    channel.ack(message);
  } catch {
    return;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
