import { type EventFacts, UnencodableEvent } from '../contract/event.js';
import { type EventEncoder } from '../contract/event-encoder.js';
import { type OutgoingMessage, type PublishResult } from '../broker/outgoing.js';
import { type Ledger } from '../ledger/ledger.js';
import { type Buried, type Publishable, type PublishableKind } from '../ledger/publishing.js';
import { type Log } from '../log.js';
import { Slots } from './slots.js';

/** The narrow part of the broker's publisher that dispatching needs. */
export interface EventPublisher {
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;
}

/** Names on the broker. */
export interface DispatchTargets {
  readonly events: string;
  readonly dead: string;
}

/** How a portal appears in its events. */
export interface PortalIdentity {
  readonly memberId: string;
  readonly name: string;
  /** `https://acme.bitrix24.com`. */
  readonly source: string;
}

/** The narrow part of the ledger that dispatching needs. */
export type DispatchLedger = Pick<Ledger, 'nextPublishable' | 'recordPublished' | 'recordDead'>;

/** Who wants to hear of confirmed events. */
export interface DispatchListener {
  /** `changedAt` in Unix seconds, one entry an event. */
  published(memberId: string, changedAt: readonly number[], retried: number): void;
  dead(memberId: string, count: number): void;
}

/** What one pass over the ledger did; counts of deliveries. */
export interface PassResult {
  readonly confirmed: number;
  readonly dead: number;
  readonly unconfirmed: number;
  /** Why the broker did not confirm, where it did not. */
  readonly reason: string | null;
}

type Sum = { -readonly [Field in keyof PassResult]: PassResult[Field] };

/**
 * Read, published and confirmed as one piece. While a piece is read or recorded, everybody else's reads and writes wait
 * for SQLite's one connection: larger ones hold up portals with few events, and are hardly faster.
 */
const PAGE_SIZE = 100;
/** Pieces of one portal under way at once: while one waits for its confirms, the next is read and encoded. */
const PAGES_IN_FLIGHT = 4;
/** The same over all portals: what bounds the memory that publishing takes, be there one portal or thousands. */
const PAGES_IN_ALL = 8;
/** A portal with fewer than these does not stand in line with those that fill pages. */
const FEW = 20;
/** Portals with few that are served at once: about as many events as the pages hold. */
const FEW_IN_ALL = 50;

/**
 * Publishes what the ledger says is to be published, and records the confirms. It keeps nothing in memory that
 * matters: what is not confirmed stays as it is in the ledger and is met by the next pass.
 */
export class Dispatcher {
  constructor(
    private readonly ledger: DispatchLedger,
    private readonly publisher: EventPublisher,
    private readonly targets: DispatchTargets,
    private readonly maxAttempts: number,
    private readonly listener: DispatchListener,
    private readonly log: Log,
    private readonly encoder: EventEncoder,
    private readonly pageSlots = new Slots(PAGES_IN_ALL),
    private readonly fewSlots = new Slots(FEW_IN_ALL),
  ) {}

  /** The same for another ledger; both share the bound on their memory. */
  over(ledger: DispatchLedger): Dispatcher {
    return new Dispatcher(
      ledger,
      this.publisher,
      this.targets,
      this.maxAttempts,
      this.listener,
      this.log,
      this.encoder,
      this.pageSlots,
      this.fewSlots,
    );
  }

  /**
   * One pass over a portal's reserved deliveries and its due retries, oldest reservation first. Ends early when the
   * broker does not confirm, or when `stopping` says so.
   */
  async pass(portal: PortalIdentity, stopping: () => boolean): Promise<PassResult> {
    const sum: Sum = { confirmed: 0, dead: 0, unconfirmed: 0, reason: null };
    for (const kind of ['reserved', 'waiting'] as const) {
      await this.passOver(portal, kind, stopping, sum);
      if (sum.unconfirmed > 0) break;
    }
    return sum;
  }

  private async passOver(
    portal: PortalIdentity,
    kind: PublishableKind,
    stopping: () => boolean,
    sum: Sum,
  ): Promise<void> {
    if (await this.passOverFew(portal, kind, sum)) return;
    let after = 0;
    const inFlight: Promise<void>[] = [];
    try {
      while (!stopping() && sum.unconfirmed === 0) {
        const page = await this.nextPage(portal, kind, after);
        const last = page.at(-1);
        if (last === undefined) break;
        after = last.seq;
        inFlight.push(this.publishPage(portal, page, sum).finally(() => this.pageSlots.release()));
        if (inFlight.length >= PAGES_IN_FLIGHT) await inFlight.shift();
        if (page.length < PAGE_SIZE) break;
      }
    } finally {
      await Promise.all(inFlight);
    }
  }

  /** Publishes what there is where that is little; false where it is more, and then nothing was done. */
  private async passOverFew(portal: PortalIdentity, kind: PublishableKind, sum: Sum): Promise<boolean> {
    await this.fewSlots.take();
    try {
      const page = await this.ledger.nextPublishable(portal.memberId, kind, 0, FEW);
      if (page.length >= FEW) return false;
      if (page.length > 0) await this.publishPage(portal, page, sum);
      return true;
    } finally {
      this.fewSlots.release();
    }
  }

  /** Reads a page once there is a slot for it, and gives the slot back where there is none. */
  private async nextPage(
    portal: PortalIdentity,
    kind: PublishableKind,
    after: number,
  ): Promise<readonly Publishable[]> {
    await this.pageSlots.take();
    let page: readonly Publishable[] = [];
    try {
      page = await this.ledger.nextPublishable(portal.memberId, kind, after, PAGE_SIZE);
    } finally {
      if (page.length === 0) this.pageSlots.release();
    }
    return page;
  }

  private async publishPage(portal: PortalIdentity, page: readonly Publishable[], sum: Sum): Promise<void> {
    const alive: { delivery: Publishable; message: OutgoingMessage }[] = [];
    const dead: { delivery: Publishable; reason: string }[] = [];
    for (const delivery of page) {
      if (delivery.attempt > this.lastAttemptOf(delivery)) {
        dead.push({ delivery, reason: delivery.reason ?? 'attempts exhausted' });
        continue;
      }
      try {
        const { routingKey, body, properties } = this.encoder.event(factsOf(portal, delivery));
        const { memberId: flow } = portal;
        alive.push({
          delivery,
          message: { exchange: this.targets.events, routingKey, body, properties, flow },
        });
      } catch (error) {
        if (!(error instanceof UnencodableEvent)) throw error;
        dead.push({ delivery, reason: error.reason });
      }
    }
    const results = await this.publisher.publish(alive.map(({ message }) => message));
    const confirmed: Publishable[] = [];
    alive.forEach(({ delivery }, index) => {
      const result = results[index];
      if (result?.status === 'confirmed') confirmed.push(delivery);
      else if (result?.status === 'refused') dead.push({ delivery, reason: result.reason });
      else {
        sum.unconfirmed += 1;
        sum.reason ??= result?.reason ?? 'no answer';
      }
    });
    if (confirmed.length > 0) {
      await this.ledger.recordPublished(confirmed);
      sum.confirmed += confirmed.length;
      this.listener.published(
        portal.memberId,
        confirmed.map((delivery) => delivery.changedAt),
        confirmed.filter((delivery) => delivery.attempt > 1).length,
      );
    }
    if (dead.length > 0) await this.bury(portal, dead, sum);
  }

  private async bury(
    portal: PortalIdentity,
    dead: readonly { delivery: Publishable; reason: string }[],
    sum: Sum,
  ): Promise<void> {
    const letter = (delivery: Publishable, reason: string, withData: boolean): OutgoingMessage => {
      // The body is that of the last delivery there was.
      const attempts = Math.min(delivery.attempt, this.lastAttemptOf(delivery));
      const facts = factsOf(portal, { ...delivery, attempt: attempts });
      const encoded = this.encoder.deadEvent(withData ? facts : { ...facts, data: null }, reason, attempts);
      const { routingKey, body, properties } = encoded;
      return { exchange: this.targets.dead, routingKey, body, properties, flow: portal.memberId };
    };
    let results = await this.publisher.publish(
      dead.map(({ delivery, reason }) => letter(delivery, reason, true)),
    );
    if (results.some((result) => result.status === 'refused')) {
      // Its body is what the broker refuses: the dead letter goes without, and the ledger keeps the data.
      const without = await Promise.all(
        dead.map(async ({ delivery, reason }, index) => {
          const result = results[index];
          if (result?.status !== 'refused') return result;
          const [second] = await this.publisher.publish([
            letter(delivery, `${reason}; ${result.reason}`, false),
          ]);
          return second;
        }),
      );
      results = without.filter((result) => result !== undefined);
    }
    const buried: Buried[] = [];
    dead.forEach(({ delivery, reason }, index) => {
      const result = results[index];
      if (result?.status === 'confirmed') {
        const { seq, attemptsBefore } = delivery;
        buried.push({ seq, reason, attemptsBefore });
      } else {
        sum.unconfirmed += 1;
        sum.reason ??= result?.reason ?? 'no answer';
      }
    });
    if (buried.length === 0) return;
    await this.ledger.recordDead(buried);
    sum.dead += buried.length;
    this.listener.dead(portal.memberId, buried.length);
    const confirmed = new Set(buried.map(({ seq }) => seq));
    for (const { delivery, reason } of dead) {
      if (!confirmed.has(delivery.seq)) continue;
      this.log.warn({
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

  /** A new series, asked for by hand, begins after the attempts of the ones before. */
  private lastAttemptOf(delivery: Publishable): number {
    return delivery.attemptsBefore + this.maxAttempts;
  }
}

function factsOf(portal: PortalIdentity, delivery: Publishable): EventFacts {
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
  };
}
