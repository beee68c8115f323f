import { type OutgoingMessage, type PublishResult } from '../../src/broker/outgoing.js';
import { type EventPublisher } from '../../src/drain/publishing/page-publisher.js';

/**
 * How the broker treats the messages of one pass:
 * - `confirm`: they arrive and are confirmed
 * - `silent`: they arrive, the confirms are lost
 * - `closed`: nothing arrives, nothing is confirmed
 * - `partial`: every second one arrives and is confirmed
 * - `nack`: they arrive at one queue, and of every second one another queue refuses its copy
 * - `unsendable`: the first event is one that can never be published; dead letters are taken
 */
export type BrokerMood = 'confirm' | 'silent' | 'closed' | 'partial' | 'nack' | 'unsendable';

/** A message that a consumer has received. */
export interface Received {
  readonly eventId: string;
  readonly memberId: string;
  readonly processId: string;
  readonly messageId: string;
  readonly attempt: number;
  readonly correlationId: string;
  readonly body: Buffer;
  /** Replies sent so far. */
  replies: number;
}

export const EVENTS = 'events';
export const DEAD = 'dead';

export class BrokerStandIn implements EventPublisher {
  readonly inbox: Received[] = [];
  mood: BrokerMood = 'confirm';
  /** Runs when messages have arrived and before anything is confirmed. */
  beforeConfirm: () => Promise<void> = () => Promise.resolve();

  constructor(private readonly arrived: (messageId: string, dead: boolean) => void) {}

  async publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]> {
    const results = messages.map((message, index) => this.treat(message, index));
    if (messages.length > 0) await this.beforeConfirm();
    return results;
  }

  private treat(message: OutgoingMessage, index: number): PublishResult {
    const unconfirmed: PublishResult = { status: 'unconfirmed', reason: this.mood };
    switch (this.mood) {
      case 'confirm':
        this.deliver(message);
        return { status: 'confirmed' };
      case 'silent':
        this.deliver(message);
        return unconfirmed;
      case 'closed':
        return unconfirmed;
      case 'partial':
        if (index % 2 === 1) return unconfirmed;
        this.deliver(message);
        return { status: 'confirmed' };
      case 'nack':
        this.deliver(message);
        return index % 2 === 1 ? { status: 'confirmed' } : { status: 'refused', reason: this.mood };
      case 'unsendable':
        if (index === 0 && message.exchange === EVENTS) return { status: 'unsendable', reason: 'too large' };
        this.deliver(message);
        return { status: 'confirmed' };
    }
  }

  private deliver({ exchange, body, properties }: OutgoingMessage): void {
    const event = JSON.parse(body.toString('utf8')) as {
      id: string;
      memberid: string;
      processid: string;
      messageid: string;
      attempt: number;
    };
    this.arrived(event.messageid, exchange === DEAD);
    if (exchange !== EVENTS) return;
    this.inbox.push({
      eventId: event.id,
      memberId: event.memberid,
      processId: event.processid,
      messageId: event.messageid,
      attempt: event.attempt,
      correlationId: properties.correlationId ?? '',
      body,
      replies: 0,
    });
  }
}
