import { type OutgoingMessage, type PublishResult } from '../../broker/outgoing.js';
import { type EventEncoder } from '../../contract/event-encoder.js';
import { type EventFacts, UnencodableEvent } from '../../contract/event.js';
import { type Ledger } from '../../ledger/ledger.js';
import { type Publishable } from '../../ledger/publishable.js';
import { type ConfirmedDeadLetter } from '../../ledger/publishing.js';
import { DEAD_LETTER_KEY, type Refusal } from '../../ledger/refused.js';
import { type Log } from '../../logging/log.js';
import { type EventStates } from './event-states.js';

/** The narrow part of the broker's publisher that dispatching needs. */
export interface EventPublisher {
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;
}

/** Names on the broker. */
interface DispatchTargets {
  readonly events: string;
  /** For events that no queue takes. */
  readonly unrouted: string;
  readonly dead: string;
}

/** How a portal appears in its events. */
export interface PortalIdentity {
  readonly memberId: string;
  readonly name: string;
  /** `https://acme.bitrix24.com`. */
  readonly source: string;
}

/** Which queue refuses: one of a consumer's (or the unrouted queue), or the one for dead letters. */
export type RefusalReason = 'event' | 'dead_letter';

/** Told of what the broker answered. */
export interface DispatchListener {
  /**
   * @param changedAt of the portal's own events, in Unix seconds, one entry an event
   * @param retried how many of those were retries
   * @param unheld so many others were published, of which its queue had no row
   */
  published(memberId: string, changedAt: readonly number[], retried: number, unheld: number): void;
  dead(memberId: string, count: number): void;
  refused(memberId: string, reason: RefusalReason, count: number): void;
}

/** What became of deliveries that were to be published; counts. */
export interface Tally {
  confirmed: number;
  dead: number;
  /** Refused by the broker: they have stepped aside. */
  refused: number;
  /** Keys under which they were refused; see {@link Refusal}. */
  readonly refusedKeys: Set<string>;
  unconfirmed: number;
  /** Why the broker did not confirm, where it did not. */
  reason: string | null;
  /** When the first that waits for its object's state is published at the latest, Unix ms; null where none waits. */
  stateDueAt: number | null;
}

export interface PagePublisherDependencies {
  readonly ledger: Pick<Ledger, 'recordPublished' | 'recordDead' | 'recordRefused'>;
  readonly publisher: EventPublisher;
  readonly targets: DispatchTargets;
  readonly maxAttempts: number;
  readonly listener: DispatchListener;
  readonly log: Log;
  readonly encoder: EventEncoder;
  /** What is known of the objects; left out: events carry no state. */
  readonly states?: Omit<EventStates, 'active' | 'meets' | 'ready' | 'resumed'> | undefined;
}

interface Letter {
  readonly delivery: Publishable;
  readonly reason: string;
}

/**
 * Publishes a page of deliveries, or their dead letters where no attempt is left, and records what the broker says of
 * each: confirmed, refused, or nothing.
 */
export class PagePublisher {
  constructor(private readonly deps: PagePublisherDependencies) {}

  async publish(portal: PortalIdentity, page: readonly Publishable[], tally: Tally): Promise<void> {
    await this.prepare(page);
    await this.send(portal, page, tally);
  }

  /** Reads what the states of these deliveries need. */
  async prepare(page: readonly Publishable[]): Promise<void> {
    await this.deps.states?.prepare?.(page);
  }

  /** Publishes what is prepared: it is in line for the broker, behind what was sent before it, when this has returned. */
  async send(portal: PortalIdentity, page: readonly Publishable[], tally: Tally): Promise<void> {
    const { ledger, publisher, listener, states } = this.deps;
    const alive: { delivery: Publishable; message: OutgoingMessage }[] = [];
    const dead: Letter[] = [];
    for (const delivery of page) {
      if (delivery.attempt > this.lastAttemptOf(delivery)) {
        dead.push({ delivery, reason: delivery.reason ?? 'attempts exhausted' });
        continue;
      }
      try {
        alive.push({ delivery, message: this.eventOf(portal, delivery) });
      } catch (error) {
        if (!(error instanceof UnencodableEvent)) throw error;
        dead.push({ delivery, reason: error.reason });
      }
    }
    const results = await publisher.publish(alive.map(({ message }) => message));
    const confirmed: Publishable[] = [];
    const refusals: Refusal[] = [];
    const before = tally.unconfirmed;
    alive.forEach(({ delivery, message }, index) => {
      const result = results[index];
      switch (result?.status) {
        case 'confirmed':
          confirmed.push(delivery);
          break;
        case 'refused':
          refusals.push({ ...delivery, key: message.routingKey });
          break;
        case 'unsendable':
          dead.push({ delivery, reason: result.reason });
          break;
        case 'unconfirmed':
        case undefined:
          unconfirmed(tally, result);
      }
    });
    if (confirmed.length > 0) {
      await ledger.recordPublished(confirmed);
      await states?.confirmed?.(confirmed);
      tally.confirmed += confirmed.length;
      const own = confirmed.filter(({ origin }) => origin === null);
      listener.published(
        portal.memberId,
        own.map((delivery) => delivery.changedAt),
        own.filter((delivery) => delivery.attempt > 1).length,
        confirmed.length - own.length,
      );
    }
    await this.stepAside(portal, 'event', refusals, tally);
    if (dead.length > 0) await this.bury(portal, dead, tally);
    // What the broker did not answer to is sent again as it was.
    if (tally.unconfirmed === before) states?.done(page.map(({ seq }) => seq));
    else states?.done([...confirmed, ...refusals].map(({ seq }) => seq));
  }

  private async stepAside(
    { memberId }: PortalIdentity,
    reason: RefusalReason,
    refusals: readonly Refusal[],
    tally: Tally,
  ): Promise<void> {
    if (refusals.length === 0) return;
    await this.deps.ledger.recordRefused(refusals);
    tally.refused += refusals.length;
    for (const { key } of refusals) tally.refusedKeys.add(key);
    this.deps.listener.refused(memberId, reason, refusals.length);
  }

  private async bury(portal: PortalIdentity, dead: readonly Letter[], tally: Tally): Promise<void> {
    const { ledger, publisher, listener, log } = this.deps;
    let results = await publisher.publish(
      dead.map(({ delivery, reason }) => this.letterOf(portal, delivery, reason, true)),
    );
    if (results.some((result) => result.status === 'unsendable')) {
      // It is the body that cannot be sent: the dead letter goes without, and the ledger keeps the data.
      const without = await Promise.all(
        dead.map(async ({ delivery, reason }, index) => {
          const result = results[index];
          if (result?.status !== 'unsendable') return result;
          const [second] = await publisher.publish([
            this.letterOf(portal, delivery, `${reason}; ${result.reason}`, false),
          ]);
          return second;
        }),
      );
      results = without.filter((result) => result !== undefined);
    }
    const letters: ConfirmedDeadLetter[] = [];
    const refusals: Refusal[] = [];
    dead.forEach(({ delivery, reason }, index) => {
      const result = results[index];
      if (result?.status === 'confirmed') {
        const { seq, attemptsBefore } = delivery;
        letters.push({ seq, reason, attemptsBefore });
      } else if (result?.status === 'refused') refusals.push({ ...delivery, key: DEAD_LETTER_KEY });
      else unconfirmed(tally, result);
    });
    await this.stepAside(portal, 'dead_letter', refusals, tally);
    if (letters.length === 0) return;
    await ledger.recordDead(letters);
    tally.dead += letters.length;
    listener.dead(portal.memberId, letters.length);
    const confirmed = new Set(letters.map(({ seq }) => seq));
    for (const { delivery, reason } of dead) {
      if (!confirmed.has(delivery.seq)) continue;
      log.warn({
        event: 'delivery.dead',
        portal: portal.name,
        code: delivery.event,
        messageId: delivery.messageId,
        rowId: delivery.rowId,
        attempts: Math.min(delivery.attempt, this.lastAttemptOf(delivery)),
        reason,
      });
    }
  }

  /** @throws UnencodableEvent where no message can be made */
  private eventOf(portal: PortalIdentity, delivery: Publishable): OutgoingMessage {
    const { targets, encoder } = this.deps;
    const { routingKey, body, properties } = encoder.event(this.factsOf(portal, delivery));
    const { events: exchange, unrouted: unroutable } = targets;
    return { exchange, unroutable, routingKey, body, properties, flow: portal.memberId };
  }

  private letterOf(
    portal: PortalIdentity,
    delivery: Publishable,
    reason: string,
    withData: boolean,
  ): OutgoingMessage {
    const { targets, encoder } = this.deps;
    // The body is that of the last delivery there was.
    const attempts = Math.min(delivery.attempt, this.lastAttemptOf(delivery));
    const facts = this.factsOf(portal, { ...delivery, attempt: attempts });
    const encoded = encoder.deadEvent(
      withData ? facts : { ...facts, data: null, state: null },
      reason,
      attempts,
    );
    const { routingKey, body, properties } = encoded;
    return { exchange: targets.dead, routingKey, body, properties, flow: portal.memberId };
  }

  private factsOf(portal: PortalIdentity, delivery: Publishable): EventFacts {
    return {
      memberId: portal.memberId,
      portal: portal.name,
      source: portal.source,
      processId: delivery.processId,
      messageId: delivery.messageId,
      rowId: delivery.rowId,
      changedAt: delivery.changedAt,
      event: delivery.event,
      data: delivery.data,
      userId: delivery.userId,
      attempt: delivery.attempt,
      origin: delivery.origin,
      routingKey: delivery.routingKey,
      state: this.deps.states?.of(delivery) ?? null,
    };
  }

  /** A new series, asked for by hand, begins after the attempts of the ones before. */
  private lastAttemptOf(delivery: Publishable): number {
    return delivery.attemptsBefore + this.deps.maxAttempts;
  }
}

function unconfirmed(tally: Tally, result: PublishResult | undefined): void {
  tally.unconfirmed += 1;
  tally.reason ??= result !== undefined && 'reason' in result ? result.reason : 'no answer';
}
