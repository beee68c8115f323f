import { setImmediate as nextTurn } from 'node:timers/promises';
import { readReplies } from '../contract/reply.js';
import { type Ledger } from '../ledger/ledger.js';
import { type OutcomesRecorded } from '../ledger/outcome.js';
import { type Returned } from '../ledger/take-back.js';
import { type Log } from '../logging/log.js';
import { type Delivered } from './replies-in-hand.js';
import {
  type CountedKind,
  type Fault,
  GROUP_SIZE,
  type GroupReply,
  groupSize,
  type HeardReply,
  type NamedPortals,
  readGroup,
  type Understood,
} from './reply-group.js';
import { returnedBy } from './returned-by.js';
import { type SetAside } from './set-aside.js';
import { lostReport, unknownByPortal } from './unknown-replies.js';
import { reasonOf } from '../logging/reason.js';

/** Told of what replies did. */
export interface OutcomesListener {
  recorded(recorded: OutcomesRecorded): void;
  /** Each of the replies that are in the ledger now; their writing began at `startedAt`, Unix ms. */
  heard?(replies: readonly HeardReply[], startedAt: number): void;
  replies(kind: CountedKind, count: number): void;
  /** Deliveries of a known portal that the ledger does not know were named. */
  unknown(memberId: string, count: number): void;
}

/** Replies are read for so long at a stretch. */
const STRETCH_MS = 10;
/** An id and its place in a list, beside its characters. */
const ID_BYTES = 64;
const TELL_AGAIN_MS = 10_000;
/** Long enough to fill a group under load, short enough not to be felt. */
const GROUP_WAIT_MS = 5;
const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 5000;

/**
 * Gathers replies into groups, writes each group to the ledger in one transaction and acknowledges it after the
 * commit. While the ledger cannot be written nothing is acknowledged, and the broker's prefetch limit holds the
 * rest back.
 */
export class ReplyCollector {
  /** Taken, and not read yet. */
  private unread: Delivered[] = [];
  private reading = false;
  private waiting: Understood[] = [];
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private closed = false;
  /** Replies taken so far, and how many of them are dealt with; in the same order. */
  private taken = 0;
  private written = 0;
  private awaiting: { readonly count: number; readonly resolve: () => void }[] = [];
  private returned = 0;
  private tooLarge = { toldAt: 0, since: 0 };

  constructor(
    private readonly ledger: Pick<Ledger, 'recordOutcomes' | 'takeBack'>,
    private readonly portals: NamedPortals,
    private readonly aside: SetAside,
    private readonly limits: {
      /** The exchange that dead-lettered events come through. */
      readonly failures: string;
      /** What a reply may weigh. */
      readonly maxBytes: number;
    },
    private readonly listener: OutcomesListener,
    private readonly log: Log,
  ) {}

  /** Takes one reply; it is acknowledged once its effect is durable. */
  add(delivered: Delivered): void {
    if (this.closed) return;
    if (this.isTooLarge(delivered)) return;
    if (delivered.tooMuch) return this.giveBack(delivered);
    this.taken += 1;
    this.unread.push(delivered);
    if (!this.reading) void this.read();
  }

  /** Replies that went back to their queue so far. */
  get givenBack(): number {
    return this.returned;
  }

  /** A reply that is too large is neither kept nor read. */
  private isTooLarge(delivered: Delivered): boolean {
    const { failures, maxBytes } = this.limits;
    if (delivered.message.content.length <= maxBytes) return false;
    const { fault } = readReplies(delivered.message, failures, maxBytes);
    if (fault === null) return false;
    this.setAside(delivered, { kind: 'too_large', reason: fault });
    return true;
  }

  private giveBack(delivered: Delivered): void {
    this.returned += 1;
    delivered.giveBack();
  }

  /** Reads what was taken, in its order; a stretch at a time, for some take long to be read. */
  private async read(): Promise<void> {
    this.reading = true;
    for (let began = performance.now(); this.unread.length > 0;) {
      const batch = this.unread;
      this.unread = [];
      for (const delivered of batch) {
        if (performance.now() - began > STRETCH_MS) {
          await nextTurn();
          began = performance.now();
        }
        this.understand(delivered);
      }
    }
    this.reading = false;
  }

  private understand(delivered: Delivered): void {
    const { failures, maxBytes } = this.limits;
    const { replies, fault } = readReplies(delivered.message, failures, maxBytes);
    const ids = replies.flatMap(({ target }) => target.messageIds);
    const fits = delivered.weighs(ids.reduce((sum, id) => sum + ID_BYTES + id.length, 0));
    if (!fits) this.giveBack(delivered);
    this.waiting.push({
      delivered,
      replies: fits ? replies : [],
      fault: fits ? fault : null,
      events: ids.length,
    });
    if (this.writing !== null) return;
    if (this.waiting.length >= GROUP_SIZE) this.start();
    else this.timer ??= setTimeout(() => this.start(), GROUP_WAIT_MS);
  }

  /** Resolves when every reply that was taken so far is in the ledger. */
  recorded(): Promise<void> {
    if (this.written >= this.taken) return Promise.resolve();
    return new Promise((resolve) => this.awaiting.push({ count: this.taken, resolve }));
  }

  /** Writes what is in hand and takes nothing more; what could not be written comes again after the restart. */
  async close(): Promise<void> {
    this.closed = true;
    while (this.reading) await nextTurn();
    if (this.waiting.length > 0 && this.writing === null) this.start();
    await this.writing;
    this.aside.close();
  }

  private start(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.writing ??= this.drain().finally(() => {
      this.writing = null;
    });
  }

  private async drain(): Promise<void> {
    let pause = RETRY_MIN_MS;
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, groupSize(this.waiting));
      try {
        await this.write(group);
        this.haveWritten(group.length);
        pause = RETRY_MIN_MS;
      } catch (error) {
        this.log.error({
          event: 'replies.not_recorded',
          replies: group.length,
          reason: reasonOf(error),
        });
        if (this.closed) return;
        this.waiting.unshift(...group);
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, RETRY_MAX_MS);
      }
    }
  }

  private haveWritten(count: number): void {
    this.written += count;
    const done = this.awaiting.filter((one) => one.count <= this.written);
    this.awaiting = this.awaiting.filter((one) => one.count > this.written);
    for (const { resolve } of done) resolve();
  }

  private async write(group: readonly Understood[]): Promise<void> {
    const startedAt = Date.now();
    const { heard, kinds, faults } = await readGroup(group, this.portals);
    if (heard.length > 0) {
      const recorded = await this.ledger.recordOutcomes(heard.map(({ outcome }) => outcome));
      this.listener.recorded(recorded);
      this.listener.heard?.(heard, startedAt);
      const taken = await this.takeBack(heard, recorded);
      const left = heard.filter((reply) => !taken.has(reply));
      for (const reply of this.tellUnknown(left, recorded)) {
        const reason = lostReport(reply, recorded.unknownOf.get(reply.outcome) ?? []);
        if (reason !== null && !faults.has(reply.of)) faults.set(reply.of, { kind: 'forgotten', reason });
      }
    }
    for (const [kind, count] of kinds) this.listener.replies(kind, count);
    for (const understood of group) {
      const fault = faults.get(understood);
      if (fault === undefined) understood.delivered.acknowledge();
      else this.setAside(understood.delivered, fault);
    }
  }

  /**
   * Events that came back whole and that the ledger has forgotten are delivered again from their own bodies. Returns the
   * replies that are dealt with by that.
   */
  private async takeBack(
    heard: readonly GroupReply[],
    { unknownOf }: OutcomesRecorded,
  ): Promise<Set<GroupReply>> {
    const returned = new Map<GroupReply, Returned>();
    for (const reply of heard) {
      if (reply.kind !== 'dead_letter' || !unknownOf.has(reply.outcome)) continue;
      const event = returnedBy(reply.of.delivered.message, reply.outcome, this.limits.maxBytes);
      if (event !== null) returned.set(reply, event);
    }
    if (returned.size === 0) return new Set();
    const lateFailed = new Map<string, number>();
    for (const { memberId, processId, messageId, attempt, reason } of await this.ledger.takeBack([
      ...returned.values(),
    ])) {
      lateFailed.set(memberId, (lateFailed.get(memberId) ?? 0) + 1);
      const portal = this.portals.nameOf(memberId);
      this.log.info({
        event: 'replies.taken_back',
        portal,
        id: `${processId}/${messageId}`,
        attempt,
        reason,
      });
    }
    this.listener.recorded({ ...NOTHING_RECORDED, lateFailed });
    return new Set(returned.keys());
  }

  /** One line a portal; returns the replies that named what the ledger does not know. */
  private tellUnknown(heard: readonly GroupReply[], { unknownOf }: OutcomesRecorded): GroupReply[] {
    const unknown = heard.filter(({ outcome }) => unknownOf.has(outcome));
    for (const line of unknownByPortal(unknown, unknownOf)) {
      const { memberId, ...told } = line;
      this.listener.unknown(memberId, told.deliveries);
      this.log.warn({
        event: 'replies.unknown_delivery',
        portal: this.portals.nameOf(memberId),
        ...told,
      });
    }
    return unknown;
  }

  /** Beside the group: a reply that cannot be acted on must not hold up the others. */
  private setAside(delivered: Delivered, { kind, reason }: Fault): void {
    if (kind !== 'forgotten') this.listener.replies(kind, 1);
    if (kind === 'malformed') this.log.warn({ event: 'replies.malformed', reason });
    else if (kind === 'too_large') this.tellTooLarge(reason);
    else if (kind === 'unknown_portal') this.log.warn({ event: 'replies.unknown_portal', reason });
    if (delivered.message.content.length > this.limits.maxBytes) this.aside.putUnread(delivered, reason);
    else this.aside.put(delivered, reason);
  }

  /** One line for many: a consumer that sends one sends many. */
  private tellTooLarge(reason: string): void {
    this.tooLarge.since += 1;
    const now = Date.now();
    if (now - this.tooLarge.toldAt < TELL_AGAIN_MS) return;
    this.log.warn({ event: 'replies.too_large', reason, replies: this.tooLarge.since });
    this.tooLarge = { toldAt: now, since: 0 };
  }
}

const NOTHING_RECORDED: OutcomesRecorded = {
  processed: new Map(),
  failed: new Map(),
  lateFailed: new Map(),
  toMark: new Map(),
  ignored: 0,
  unknown: 0,
  unknownOf: new Map(),
};
