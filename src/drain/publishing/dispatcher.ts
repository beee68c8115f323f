import { type Ledger } from '../../ledger/ledger.js';
import { type Publishable } from '../../ledger/publishable.js';
import { type PublishableKey } from '../../ledger/publishable-keys.js';
import { type PublishableKind } from '../../ledger/publishing.js';
import {
  PagePublisher,
  type PagePublisherDependencies,
  type PortalIdentity,
  type Tally,
} from './page-publisher.js';
import { type EventStates, refusedStateKeyOf, type StateKey, stateKeyOf } from './event-states.js';
import { RefusedPace } from '../pacing/refused-pace.js';
import { Semaphore } from '../../timing/semaphore.js';

/** The narrow part of the ledger that dispatching needs. */
export type DispatchLedger = Pick<
  Ledger,
  | 'nextPublishable'
  | 'nextPublishableKeys'
  | 'publishableNamed'
  | 'refusedKeys'
  | 'nextRefused'
  | 'recordPublished'
  | 'recordDead'
  | 'recordRefused'
>;

interface DispatcherDependencies extends Omit<PagePublisherDependencies, 'ledger' | 'states'> {
  readonly ledger: DispatchLedger;
  /** States of the portal's objects; left out: events carry none. */
  readonly states?: EventStates | undefined;
  readonly now?: () => number;
}

/** What one pass over the ledger did; counts of deliveries. */
export interface PassResult extends Readonly<Omit<Tally, 'refusedKeys'>> {
  readonly refusedKeys: ReadonlySet<string>;
  /** When the first of what is refused is to be tried again, Unix ms; null where nothing is. */
  readonly refusedDueAt: number | null;
}

/** A pass that did nothing. */
export const NOTHING_DONE: PassResult = {
  confirmed: 0,
  dead: 0,
  refused: 0,
  refusedKeys: new Set(),
  unconfirmed: 0,
  reason: null,
  stateDueAt: null,
  refusedDueAt: null,
};

/**
 * Read, published and confirmed as one piece. While SQLite reads or records a piece, the process does nothing else: larger
 * ones hold up portals with few events, and are hardly faster.
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
 * Deliveries whose states are asked for together: three requests of the reader, so that two are under way while the answer
 * to another is published.
 */
const KEYS = 7500;
/** Pieces of one key that was refused, tried in one pass: new events come between. */
const REFUSED_PIECES = 12;

/**
 * Publishes what the ledger says is to be published, and records the confirms. It keeps nothing in memory that
 * matters: what is not confirmed stays as it is in the ledger and is met by the next pass.
 */
export class Dispatcher {
  private readonly pages: PagePublisher;
  private readonly paces = new Map<string, RefusedPace>();
  private readonly now: () => number;

  constructor(
    private readonly deps: DispatcherDependencies,
    private readonly pagesAtOnce = new Semaphore(PAGES_IN_ALL),
    private readonly fewAtOnce = new Semaphore(FEW_IN_ALL),
  ) {
    this.pages = new PagePublisher(deps);
    this.now = deps.now ?? Date.now;
  }

  /** The same for another ledger, and for events that carry these states; all share the bound on their memory. */
  over(ledger: DispatchLedger, states?: EventStates): Dispatcher {
    return new Dispatcher({ ...this.deps, ledger, states }, this.pagesAtOnce, this.fewAtOnce);
  }

  /**
   * One pass over a portal's reserved deliveries, its due retries and what is refused and due, oldest reservation
   * first. What the broker refuses steps aside, and the pass goes on. It ends early when the broker does not answer, or
   * when `stopping` says so.
   */
  async pass(portal: PortalIdentity, stopping: () => boolean): Promise<PassResult> {
    const tally: Tally = {
      confirmed: 0,
      dead: 0,
      refused: 0,
      refusedKeys: new Set(),
      unconfirmed: 0,
      reason: null,
      stateDueAt: null,
    };
    for (const kind of ['reserved', 'waiting'] as const) {
      await this.passOver(portal, kind, stopping, tally);
      if (tally.unconfirmed > 0) break;
    }
    const refusedDueAt = await this.passOverRefused(portal, stopping, tally);
    return { ...tally, refusedDueAt };
  }

  private async passOver(
    portal: PortalIdentity,
    kind: PublishableKind,
    stopping: () => boolean,
    tally: Tally,
  ): Promise<void> {
    let after = 0;
    if (!this.asksForStates) {
      if (await this.passOverFew(portal, kind, tally)) return;
      if (!this.asksForStates) after = await this.passOverPages(portal, kind, stopping, tally);
    }
    if (this.asksForStates) await this.passOverReady(portal, kind, stopping, tally, after);
  }

  private get asksForStates(): boolean {
    return this.deps.states?.active === true;
  }

  /** Publishes page after page, up to the first that is to carry a state. Returns the last number that was published. */
  private async passOverPages(
    portal: PortalIdentity,
    kind: PublishableKind,
    stopping: () => boolean,
    tally: Tally,
  ): Promise<number> {
    let after = 0;
    const inFlight: Promise<void>[] = [];
    try {
      while (!stopping() && tally.unconfirmed === 0) {
        const page = await this.takePage(
          this.pagesAtOnce,
          async () => (await this.next(portal, kind, after, PAGE_SIZE)) ?? [],
        );
        const last = page.at(-1);
        if (last === undefined) break;
        after = last.seq;
        inFlight.push(this.pages.send(portal, page, tally).finally(() => this.pagesAtOnce.release()));
        if (inFlight.length >= PAGES_IN_FLIGHT) await inFlight.shift();
        if (page.length < PAGE_SIZE) break;
      }
    } finally {
      await Promise.all(inFlight);
    }
    return after;
  }

  /** What is to be published next; null where some of it is to carry a state. */
  private async next(
    { memberId }: PortalIdentity,
    kind: PublishableKind,
    after: number,
    limit: number,
  ): Promise<readonly Publishable[] | null> {
    const page = await this.deps.ledger.nextPublishable(memberId, kind, after, limit);
    return this.deps.states?.meets(page) === true ? null : page;
  }

  /**
   * The same where events carry states: publishes those whose states are known, or whose time is over, first deliveries
   * only in their order. Nothing is waited for: the others are met by another pass.
   */
  private async passOverReady(
    portal: PortalIdentity,
    kind: PublishableKind,
    stopping: () => boolean,
    tally: Tally,
    from: number,
  ): Promise<void> {
    const { ledger } = this.deps;
    let after = from;
    while (!stopping() && tally.unconfirmed === 0) {
      const keys = await ledger.nextPublishableKeys(portal.memberId, kind, after, KEYS);
      const ready = this.readyOf(keys.map(stateKeyOf), tally);
      const first = keys.findIndex(({ seq }) => !ready.has(seq));
      const inOrder = kind === 'reserved' && first >= 0 ? keys.slice(0, first) : keys;
      await this.publishNamed(
        portal,
        inOrder.filter(({ seq }) => ready.has(seq)),
        stopping,
        tally,
      );
      if (inOrder.length < KEYS) return;
      after = keys.at(-1)?.seq ?? after;
    }
  }

  /** Which of these may be published now. */
  private readyOf(keys: readonly StateKey[], tally: Tally): ReadonlySet<number> {
    const { states } = this.deps;
    if (states === undefined) return new Set(keys.map(({ seq }) => seq));
    const { ready, nextAt } = states.ready(keys);
    if (nextAt !== null) tally.stateDueAt = Math.min(tally.stateDueAt ?? nextAt, nextAt);
    return ready;
  }

  /** Publishes these deliveries in pages, as far as they are still to be published. */
  private async publishNamed(
    portal: PortalIdentity,
    keys: readonly Pick<PublishableKey, 'seq' | 'attempt'>[],
    stopping: () => boolean,
    tally: Tally,
  ): Promise<void> {
    const permits = keys.length < FEW ? this.fewAtOnce : this.pagesAtOnce;
    const inFlight: Promise<void>[] = [];
    try {
      for (let at = 0; at < keys.length && !stopping() && tally.unconfirmed === 0; at += PAGE_SIZE) {
        const part = keys.slice(at, at + PAGE_SIZE);
        const page = await this.takePage(permits, () => this.named(portal, part));
        if (page.length === 0) continue;
        inFlight.push(this.pages.send(portal, page, tally).finally(() => permits.release()));
        if (inFlight.length >= PAGES_IN_FLIGHT) await inFlight.shift();
      }
    } finally {
      await Promise.all(inFlight);
    }
  }

  private async named(
    { memberId }: PortalIdentity,
    part: readonly Pick<PublishableKey, 'seq' | 'attempt'>[],
  ): Promise<readonly Publishable[]> {
    const attempts = new Map(part.map(({ seq, attempt }) => [seq, attempt]));
    const named = await this.deps.ledger.publishableNamed(memberId, [...attempts.keys()]);
    // Retried by hand meanwhile, it is another delivery, whose state is another one.
    const page = named.filter(({ seq, attempt }) => attempts.get(seq) === attempt);
    await this.pages.prepare(page);
    return page;
  }

  /** Publishes what there is where that is little; false where it is more, or carries states, and then nothing was done. */
  private async passOverFew(portal: PortalIdentity, kind: PublishableKind, tally: Tally): Promise<boolean> {
    await this.fewAtOnce.take();
    try {
      const page = await this.next(portal, kind, 0, FEW);
      if (page === null || page.length >= FEW) return false;
      if (page.length > 0) await this.pages.publish(portal, page, tally);
      return true;
    } finally {
      this.fewAtOnce.release();
    }
  }

  /**
   * Reads a page once there is a permit for it, and gives the permit back where there is no page. The page before it was
   * handed to the broker by then: while pages wait for their confirms at the same time, they are sent in their order.
   */
  private async takePage(
    permits: Semaphore,
    read: () => Promise<readonly Publishable[]>,
  ): Promise<readonly Publishable[]> {
    await permits.take();
    let page: readonly Publishable[] = [];
    try {
      page = await read();
    } finally {
      if (page.length === 0) permits.release();
    }
    return page;
  }

  /** Tries what was refused. Returns when the next try is due, Unix ms; null where nothing is refused. */
  private async passOverRefused(
    portal: PortalIdentity,
    stopping: () => boolean,
    tally: Tally,
  ): Promise<number | null> {
    const { ledger } = this.deps;
    const { memberId } = portal;
    const before = await ledger.refusedKeys(memberId);
    if (before.length === 0) {
      this.paces.delete(memberId);
      return null;
    }
    let pace = this.paces.get(memberId);
    if (pace === undefined) this.paces.set(memberId, (pace = new RefusedPace()));
    for (const key of pace.ready(before, this.now())) {
      if (stopping() || tally.unconfirmed > 0) break;
      if (await this.passOverKey(portal, key, stopping, tally)) pace.refusedAgain(key, this.now());
    }
    return pace.nextAt(await ledger.refusedKeys(memberId), this.now());
  }

  /**
   * Tries what was refused under one key: one delivery first, and more and more of them as long as the broker takes
   * them all. So a queue that is still full costs the others one copy. Returns whether its next try has to wait: something
   * was refused again, or its states are not known yet.
   */
  private async passOverKey(
    portal: PortalIdentity,
    key: string,
    stopping: () => boolean,
    tally: Tally,
  ): Promise<boolean> {
    for (let piece = 0; piece < REFUSED_PIECES && !stopping(); piece += 1) {
      const size = Math.min(2 ** piece, PAGE_SIZE);
      const permits = size < FEW ? this.fewAtOnce : this.pagesAtOnce;
      const refusedBefore = tally.refused;
      let tried: number;
      await permits.take();
      try {
        const page = await this.nextRefused(portal, key, size, tally);
        if (page === null) return true;
        tried = page.length;
        if (tried > 0) await this.pages.publish(portal, page, tally);
      } finally {
        permits.release();
      }
      if (tally.refused > refusedBefore) return true;
      if (tally.unconfirmed > 0 || tried < size) return false;
    }
    return false;
  }

  /** What is to be tried next of a key, where its states are known; null where they are not yet. */
  private async nextRefused(
    { memberId }: PortalIdentity,
    key: string,
    size: number,
    tally: Tally,
  ): Promise<readonly Publishable[] | null> {
    const { ledger, states } = this.deps;
    if (states?.active !== true) {
      const page = await ledger.nextRefused(memberId, key, size);
      if (states?.meets(page) !== true) return page;
    }
    // Some more than are tried, so that each does not wait for a request of its own.
    const page = await ledger.nextRefused(memberId, key, Math.max(size, FEW));
    const now = this.now();
    const ready = this.readyOf(
      page.map((delivery) => refusedStateKeyOf(delivery, now)),
      tally,
    );
    const tried = page.filter(({ seq }) => ready.has(seq)).slice(0, size);
    return tried.length === 0 && page.length > 0 ? null : tried;
  }
}
