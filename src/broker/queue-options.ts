import { type Options } from 'amqplib';

/** How a queue of ours is declared. */
export interface QueueDeclaration {
  readonly options: Options.AssertQueue;
  /** How earlier versions did: arguments cannot be changed, and a queue that was made so is used as it is. */
  readonly formerly: Options.AssertQueue;
}

const GIB = 1024 ** 3;

/** What a queue of ours holds at most, in bytes of bodies. See docs/adr/0013-limits-of-our-queues.md. */
const LIMITS = { replies: 2 * GIB, unrouted: 2 * GIB, dead: 2 * GIB, rejected: GIB / 2 };

const quorum = (more: Record<string, unknown> = {}): Options.AssertQueue => ({
  durable: true,
  arguments: { 'x-queue-type': 'quorum', ...more },
});

/** When full it refuses: a publisher with confirms is told so, and publishes again. */
const refusing = (bytes: number) => ({ 'x-max-length-bytes': bytes, 'x-overflow': 'reject-publish' });

/** Events that no queue is bound to: while it is full they wait in the ledger, as for any queue that refuses them. */
export function unroutedQueue(): QueueDeclaration {
  return { options: quorum(refusing(LIMITS.unrouted)), formerly: quorum() };
}

/** Events whose attempts are exhausted: while it is full they wait in the ledger. */
export function deadQueue(): QueueDeclaration {
  return { options: quorum(refusing(LIMITS.dead)), formerly: quorum() };
}

/**
 * What the bridge could not act on: while it is full the oldest makes room for the newest. It must take what comes, or replies that
 * make no sense would stay in the reply queue until that is full.
 */
export function rejectedQueue(): QueueDeclaration {
  const limit = { 'x-max-length-bytes': LIMITS.rejected, 'x-overflow': 'drop-head' };
  return { options: quorum(limit), formerly: quorum() };
}

/**
 * Replies. While it is full it refuses new ones, and drops none that it has.
 *
 * RabbitMQ 4 gives every quorum queue a delivery limit of 20 and drops what exceeds it: a reply that fails that
 * often is parked in `rejected` instead. `at-least-once` keeps it until `rejected` has confirmed it, and only
 * works together with `reject-publish`.
 */
export function repliesQueue(rejected: string): QueueDeclaration {
  const deadLetters = {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': rejected,
    'x-dead-letter-strategy': 'at-least-once',
  };
  return {
    options: quorum({ ...deadLetters, ...refusing(LIMITS.replies) }),
    formerly: quorum({ ...deadLetters, 'x-overflow': 'reject-publish' }),
  };
}
