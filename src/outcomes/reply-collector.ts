import { type ConsumeMessage } from 'amqplib';
import { type PublishResult } from '../broker/outgoing.js';
import { MalformedReply, parseReply, type Reply, type ReplyKind } from '../contract/reply.js';
import { type Ledger } from '../ledger/ledger.js';
import { type Outcome, type OutcomesRecorded } from '../ledger/record-outcomes.js';
import { type Log } from '../log.js';
import { type Delivered } from './reply-server.js';

/** Puts a reply that could not be understood where people find it, and says whether the broker has it. */
export type RejectReply = (message: ConsumeMessage, reason: string) => Promise<PublishResult>;

/** A reply as the ledger has it. */
export interface HeardReply {
  readonly headers: unknown;
  readonly outcome: Outcome;
}

/** Who wants to hear what replies did. */
export interface OutcomesListener {
  recorded(recorded: OutcomesRecorded): void;
  /** Each of the replies that are in the ledger now; their writing began at `startedAt`, Unix ms. */
  heard?(replies: readonly HeardReply[], startedAt: number): void;
  replies(kind: ReplyKind | 'malformed', count: number): void;
}

/** Where a reply that names its portal by a word finds the member id. */
export interface PortalNames {
  memberIdOf(name: string): Promise<string | undefined>;
}

/** A reply that could be read: a group may be written more than once, and each of its replies is read only once. */
interface Understood {
  readonly delivered: Delivered;
  readonly reply: Reply;
}

/** One commit takes this many replies, or as many as came while the one before was written. */
const GROUP_SIZE = 500;
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
  private waiting: Understood[] = [];
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private closed = false;

  constructor(
    private readonly ledger: Pick<Ledger, 'recordOutcomes'>,
    private readonly portals: PortalNames,
    private readonly reject: RejectReply,
    private readonly listener: OutcomesListener,
    private readonly log: Log,
  ) {}

  /** Takes one reply; it is acknowledged once its effect is durable. */
  add(delivered: Delivered): void {
    if (this.closed) return;
    try {
      this.waiting.push({ delivered, reply: parseReply(delivered.message) });
    } catch (error) {
      if (!(error instanceof MalformedReply)) throw error;
      this.setAside(delivered, error.reason);
      return;
    }
    if (this.writing !== null) return;
    if (this.waiting.length >= GROUP_SIZE) this.start();
    else this.timer ??= setTimeout(() => this.start(), GROUP_WAIT_MS);
  }

  /** Writes what is in hand and takes nothing more; what could not be written comes again after the restart. */
  async close(): Promise<void> {
    if (this.waiting.length > 0 && this.writing === null) this.start();
    this.closed = true;
    await this.writing;
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
      const group = this.waiting.splice(0, GROUP_SIZE);
      try {
        await this.write(group);
        pause = RETRY_MIN_MS;
      } catch (error) {
        this.log.error({
          event: 'replies.not_recorded',
          replies: group.length,
          reason: error instanceof Error ? error.message : String(error),
        });
        if (this.closed) return;
        this.waiting.unshift(...group);
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, RETRY_MAX_MS);
      }
    }
  }

  private async write(group: readonly Understood[]): Promise<void> {
    const startedAt = Date.now();
    const heard: HeardReply[] = [];
    const kinds = new Map<ReplyKind, number>();
    let strangers = 0;
    for (const { reply, delivered } of group) {
      kinds.set(reply.kind, (kinds.get(reply.kind) ?? 0) + 1);
      if (reply.outcome === 'partial') continue;
      const { portal } = reply.target;
      const memberId = 'memberId' in portal ? portal.memberId : await this.portals.memberIdOf(portal.name);
      if (memberId === undefined) strangers += reply.target.messageIds.length;
      else {
        const { processId, messageIds, attempt } = reply.target;
        const { outcome, reason } = reply;
        heard.push({
          headers: delivered.message.properties.headers,
          outcome: { memberId, processId, messageIds, attempt, outcome, reason },
        });
      }
    }
    if (heard.length > 0) {
      const recorded = await this.ledger.recordOutcomes(heard.map(({ outcome }) => outcome));
      this.listener.recorded(recorded);
      this.listener.heard?.(heard, startedAt);
      strangers += recorded.unknown;
    }
    for (const [kind, count] of kinds) this.listener.replies(kind, count);
    if (strangers > 0) this.log.warn({ event: 'replies.unknown_delivery', deliveries: strangers });
    for (const { delivered } of group) acknowledge(delivered);
  }

  /** Beside the group: a reply nobody understands must not hold up those that everybody does. */
  private setAside(delivered: Delivered, reason: string): void {
    this.listener.replies('malformed', 1);
    this.log.warn({ event: 'replies.malformed', reason });
    const attempt = async (pause: number): Promise<void> => {
      const result = await this.reject(delivered.message, reason);
      if (result.status === 'confirmed') acknowledge(delivered);
      else if (result.status === 'refused') {
        // Too large for us to publish. The queue's own dead-lettering takes it to the same place, without our reason.
        this.log.warn({ event: 'replies.rejected_by_broker', reason, because: result.reason });
        giveUp(delivered);
      } else if (!this.closed) {
        await new Promise((resolve) => setTimeout(resolve, pause).unref());
        await attempt(Math.min(pause * 2, RETRY_MAX_MS));
      }
    };
    void attempt(RETRY_MIN_MS);
  }
}

function acknowledge({ channel, message }: Delivered): void {
  answer(() => channel.ack(message));
}

function giveUp({ channel, message }: Delivered): void {
  answer(() => channel.nack(message, false, false));
}

/** A channel that has closed meanwhile cannot answer: the reply comes again, which has no effect. */
function answer(how: () => void): void {
  try {
    how();
  } catch {
    return;
  }
}
