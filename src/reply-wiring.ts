import { type BrokerConnection } from './broker/connection.js';
import { unconfirmed } from './broker/outgoing.js';
import { type Publisher } from './broker/publisher.js';
import { repliesQueueOptions, type TopologyNames } from './broker/topology.js';
import { type Ledger } from './ledger/ledger.js';
import { type OutcomesRecorded } from './ledger/record-outcomes.js';
import { type Log } from './log.js';
import { type Metrics } from './monitoring/metrics.js';
import { rejectedReply } from './outcomes/rejected-reply.js';
import { ReplyCollector } from './outcomes/reply-collector.js';
import { ReplyServer } from './outcomes/reply-server.js';
import { type PortalRegistry } from './portals/registry.js';
import { traceReplies } from './tracing/reply-spans.js';

/** Replies in hand at most, unacknowledged: two groups of the ledger's. */
const REPLY_PREFETCH = 1000;

export interface ReplySurroundings {
  /** The broker's addresses, in the order in which this process tries them. */
  readonly urls: string[];
  readonly names: TopologyNames;
  readonly broker: BrokerConnection;
  readonly publisher: Publisher;
  readonly registry: PortalRegistry;
  readonly ledger: Ledger;
  /** Told once outcomes are durable. */
  readonly recorded: (recorded: OutcomesRecorded) => void;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Puts together what reads the reply queue. Every replica does, whoever owns the portals spoken of. */
export function assembleReplies(around: ReplySurroundings): {
  collector: ReplyCollector;
  server: ReplyServer;
} {
  const { names, registry, publisher, metrics, log } = around;
  const nameOf = (memberId: string) => registry.get(memberId)?.name ?? memberId;
  const collector = new ReplyCollector(
    around.ledger,
    registry,
    async (message, reason) => {
      const [result = unconfirmed('no answer')] = await publisher.publish([
        rejectedReply(message, reason, names.rejected),
      ]);
      if (result.status !== 'unconfirmed') metrics.activity.rejectedReply(reason, message.content);
      return result;
    },
    {
      recorded: (recorded) => {
        for (const [memberId, count] of recorded.processed) {
          metrics.eventsSettled(nameOf(memberId), 'processed', count);
        }
        for (const [memberId, count] of recorded.failed) {
          metrics.eventsSettled(nameOf(memberId), 'failed', count);
        }
        for (const [memberId, count] of recorded.lateFailed) {
          metrics.eventsSettled(nameOf(memberId), 'late_failed', count);
        }
        around.recorded(recorded);
      },
      replies: (kind, count) => metrics.repliesReceived(kind, count),
      heard: (replies, startedAt) => traceReplies(replies, nameOf, startedAt),
    },
    log,
  );
  const server = new ReplyServer(
    {
      urls: around.urls,
      queue: names.replies,
      queueOptions: repliesQueueOptions(names),
      declare: () => void around.broker.redeclare(),
      prefetchCount: REPLY_PREFETCH,
    },
    log,
    (delivered) => collector.add(delivered),
  );
  return { collector, server };
}
