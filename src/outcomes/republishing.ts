import { type ConfirmChannel } from 'amqplib';
import { type Actor, actorWords } from '../audit/actor.js';
import { type AuditLog } from '../audit/audit-log.js';
import { readingBack } from '../broker/given-back.js';
import { lookInto, type QueueLook } from '../broker/look-into.js';
import { type TopologyNames } from '../broker/topology.js';
import { type LedgerAdmin } from '../ledger/admin.js';
import { republishDead } from './republish-dead.js';
import { republishUnrouted } from './republish-unrouted.js';
import { type Republished, type RepublishOrder } from './republished.js';

/** Queues whose events can be republished. */
export const REPUBLISHABLE = ['unrouted', 'dead'] as const;
export type RepublishableQueue = (typeof REPUBLISHABLE)[number];

/** The exchanges and queues are another bridge's: what lies there is none of ours. */
export class NotOurPrefix extends Error {
  override readonly name = 'NotOurPrefix';
  constructor() {
    super('the exchanges and queues belong to another bridge');
  }
}

interface RepublishingDependencies {
  /** A channel of its own on the present connection. @throws Error without one */
  readonly openChannel: () => Promise<ConfirmChannel>;
  /** Whether the prefix is ours at present. */
  readonly ours: () => boolean;
  readonly names: TopologyNames;
  readonly books: Pick<LedgerAdmin, 'revive'>;
  readonly installed: (memberId: string) => boolean;
  /** Tells the loops of these portals, wherever they run, that something is due. */
  readonly due: (memberIds: Iterable<string>) => void;
  readonly maxBytes: number;
  readonly audit: AuditLog;
}

/**
 * Has events delivered again that no consumer has processed: for the dashboard, the API and the command line.
 * Any replica can do it for portals of all.
 */
export class Republishing {
  constructor(private readonly deps: RepublishingDependencies) {}

  /**
   * What lies in the queue, by routing key. Leaves everything in its place.
   * @throws {NotOurPrefix}
   * @throws the broker's error
   */
  look(queue: RepublishableQueue): Promise<QueueLook> {
    return this.onChannel(queue, (channel) => lookInto(channel, this.deps.names[queue]));
  }

  /**
   * Republishes, oldest first: unrouted events under the key that they had, dead ones by the ledger as retries by hand.
   * @throws {NotOurPrefix}
   * @throws the broker's or the database's error; what was done by then is done
   */
  async republish(queue: RepublishableQueue, order: RepublishOrder, actor: Actor): Promise<Republished> {
    const target = `${queue}: ${order.key ?? 'every key'}`;
    return queue === 'dead' ? this.letters(order, actor, target) : this.unrouted(order, actor, target);
  }

  private async unrouted(order: RepublishOrder, actor: Actor, target: string): Promise<Republished> {
    const { names, audit } = this.deps;
    let count = 0;
    let failed = true;
    try {
      const done = await this.onChannel('unrouted', (channel) =>
        republishUnrouted(channel, names, order, (part) => (count += part)),
      );
      failed = false;
      return done;
    } finally {
      if (count > 0 || !failed) await audit.record({ actor, action: 'republished', target, count });
    }
  }

  private letters(order: RepublishOrder, actor: Actor, target: string): Promise<Republished> {
    const { names, books, installed, maxBytes, due, audit } = this.deps;
    return this.onChannel('dead', async (channel) => {
      const trail = audit.trail({ actor, action: 'republished', target });
      const portals = new Set<string>();
      try {
        return await republishDead(channel, names, order, {
          installed,
          maxBytes,
          revive: (letters) => {
            for (const { memberId } of letters) portals.add(memberId);
            return books.revive(letters, { by: actorWords(actor), trail });
          },
        });
      } finally {
        trail.told();
        due(portals);
      }
    });
  }

  private async onChannel<T>(
    queue: RepublishableQueue,
    work: (channel: ConfirmChannel) => Promise<T>,
  ): Promise<T> {
    const { ours, openChannel, names } = this.deps;
    if (!ours()) throw new NotOurPrefix();
    return readingBack(openChannel, names[queue], work);
  }
}
