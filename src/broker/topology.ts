import { type Channel, type Options } from 'amqplib';
import { messageOf } from './addresses.js';

/** Names of every exchange and queue of one bridge. */
export interface TopologyNames {
  /** Topic exchange: events out. */
  readonly events: string;
  /** Fanout exchange, and the quorum queue behind it: events that nobody is bound to. */
  readonly unrouted: string;
  /** Quorum queue: replies in. */
  readonly replies: string;
  /** Fanout exchange bound to `replies`: a consumer's dead-letter exchange. */
  readonly failures: string;
  /** Quorum queue: replies that could not be understood. */
  readonly rejected: string;
  /** Topic exchange, and the quorum queue behind it: events whose attempts are exhausted. */
  readonly dead: string;
}

/** The names under `prefix`, the first word of all of them. */
export function topologyNames(prefix: string): TopologyNames {
  return {
    events: `${prefix}.events`,
    unrouted: `${prefix}.unrouted`,
    replies: `${prefix}.replies`,
    failures: `${prefix}.failures`,
    rejected: `${prefix}.replies.rejected`,
    dead: `${prefix}.dead`,
  };
}

/** How the queues without a dead-letter target are declared. */
export function quorumQueueOptions(): Options.AssertQueue {
  return { durable: true, arguments: { 'x-queue-type': 'quorum' } };
}

/**
 * How `replies` is declared; whoever else declares it must use the same, or the broker refuses.
 *
 * RabbitMQ 4 gives every quorum queue a delivery limit of 20 and drops what exceeds it: a reply that fails that
 * often is parked in `rejected` instead. `at-least-once` keeps it until `rejected` has confirmed it, and only
 * works together with `reject-publish`.
 */
export function repliesQueueOptions(names: TopologyNames): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': names.rejected,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  };
}

/** An exchange or queue of one of our names exists and is of another kind. The broker closed the channel. */
export class TopologyConflict extends Error {
  constructor(
    /** `queue x` or `exchange x`. */
    readonly object: string,
    /** What differs, in the broker's words. */
    readonly difference: string,
    options?: { cause?: unknown },
  ) {
    super(
      `${object} exists and is not what the bridge needs: ${difference}. ` +
        'Delete it (a queue: once it is drained) and the bridge declares it anew, or set another AMQP_PREFIX.',
      options,
    );
    this.name = 'TopologyConflict';
  }
}

const PRECONDITION_FAILED = 406;
const RESOURCE_LOCKED = 405;

/** One thing that stands on the broker. */
export type TopologyObject =
  | {
      readonly kind: 'exchange';
      readonly name: string;
      readonly type: 'topic' | 'fanout';
      readonly options: Options.AssertExchange;
    }
  | { readonly kind: 'queue'; readonly name: string; readonly options: Options.AssertQueue }
  | { readonly kind: 'binding'; readonly queue: string; readonly exchange: string; readonly key: string };

/** Everything of `names`: what catches a message stands before what sends one there. */
export function topologyObjects(names: TopologyNames): TopologyObject[] {
  const exchange = (name: string, type: 'topic' | 'fanout', options: Options.AssertExchange = {}) =>
    ({ kind: 'exchange', name, type, options: { durable: true, ...options } }) as const;
  const queue = (name: string, options = quorumQueueOptions()) => ({ kind: 'queue', name, options }) as const;
  const binding = (queueName: string, exchangeName: string, key: string) =>
    ({ kind: 'binding', queue: queueName, exchange: exchangeName, key }) as const;
  return [
    exchange(names.unrouted, 'fanout'),
    queue(names.unrouted),
    binding(names.unrouted, names.unrouted, ''),
    queue(names.rejected),
    queue(names.replies, repliesQueueOptions(names)),
    exchange(names.failures, 'fanout'),
    binding(names.replies, names.failures, ''),
    exchange(names.dead, 'topic'),
    queue(names.dead),
    binding(names.dead, names.dead, '#'),
    exchange(names.events, 'topic', { alternateExchange: names.unrouted }),
  ];
}

/**
 * Declares everything of `names`; what exists already is left as it is. Give it a channel of its own: the broker
 * closes the channel on a conflict.
 * @throws {TopologyConflict} when an object exists with other properties
 */
export async function declareTopology(channel: Channel, names: TopologyNames): Promise<void> {
  await declareObjects(channel, topologyObjects(names));
}

/** Declares them one after another. @throws {TopologyConflict} when one exists with other properties */
export async function declareObjects(channel: Channel, objects: readonly TopologyObject[]): Promise<void> {
  for (const object of objects) await declareObject(channel, object);
}

/** Declares one of them. @throws {TopologyConflict} when it exists with other properties */
export async function declareObject(channel: Channel, object: TopologyObject): Promise<void> {
  switch (object.kind) {
    case 'exchange':
      return guarded(`exchange ${object.name}`, () =>
        channel.assertExchange(object.name, object.type, object.options),
      );
    case 'queue':
      return guarded(`queue ${object.name}`, () => channel.assertQueue(object.name, object.options));
    case 'binding':
      await channel.bindQueue(object.queue, object.exchange, object.key);
  }
}

/** Deletes everything of `names`, messages included. For tests and for taking a bridge down for good. */
export async function deleteTopology(channel: Channel, names: TopologyNames): Promise<void> {
  for (const name of [names.events, names.failures, names.dead, names.unrouted]) {
    await channel.deleteExchange(name);
  }
  for (const name of [names.replies, names.rejected, names.unrouted, names.dead]) {
    await channel.deleteQueue(name);
  }
}

async function guarded(object: string, declare: () => Promise<unknown>): Promise<void> {
  try {
    await declare();
  } catch (error) {
    const code = replyCode(error);
    if (code !== PRECONDITION_FAILED && code !== RESOURCE_LOCKED) throw error;
    throw new TopologyConflict(object, brokerText(error), { cause: error });
  }
}

/** The AMQP reply code (404, 406, …) that a closed channel or connection was given, if any. */
export function replyCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'number' ? error.code : null;
}

/** The broker's own words inside the client library's message. */
export function brokerText(error: unknown): string {
  const message = messageOf(error);
  const quoted = /with message "(.*)"$/s.exec(message)?.[1] ?? message;
  return quoted.replace(/^[A-Z_]+ - /, '');
}
