import { type Channel, type Options } from 'amqplib';
import {
  deadQueue,
  type QueueDeclaration,
  rejectedQueue,
  repliesQueue,
  unroutedQueue,
} from './queue-options.js';
import { reasonOf } from '../logging/reason.js';

/** Names of every exchange and queue of one bridge. */
export interface TopologyNames {
  /** Topic exchange: events out. */
  readonly events: string;
  /** Fanout exchange, and the quorum queue behind it: events that no other queue is bound to. */
  readonly unrouted: string;
  /** Quorum queue: replies in. */
  readonly replies: string;
  /** Fanout exchange bound to `replies`: a consumer's dead-letter exchange. */
  readonly failures: string;
  /** Quorum queue: replies that could not be understood. */
  readonly rejected: string;
  /** Topic exchange, and the quorum queue behind it: events whose attempts are exhausted. */
  readonly dead: string;
  /** Exchange that carries nothing and tells whose the prefix is; see prefix-owner.ts. */
  readonly owner: string;
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
    owner: `${prefix}.owner`,
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

/** An exchange or queue is missing, and this user of the broker may not declare it. */
export class TopologyMissing extends Error {
  constructor(
    /** `queue x` or `exchange x`. */
    readonly object: string,
    /** The broker's: to declare one thing takes rights to others, such as to write to its dead-letter exchange. */
    words: string,
  ) {
    super(
      `${object} does not exist, and this user may not make it (${words}). Have it made by an administrator ` +
        '(deploy/rabbitmq/definitions.json has everything), or give the user the right',
    );
    this.name = 'TopologyMissing';
  }
}

const ACCESS_REFUSED = 403;
const PRECONDITION_FAILED = 406;
const RESOURCE_LOCKED = 405;

export type QueueObject = { readonly kind: 'queue'; readonly name: string } & QueueDeclaration;

/** One thing that stands on the broker. */
export type TopologyObject =
  | {
      readonly kind: 'exchange';
      readonly name: string;
      readonly type: 'topic' | 'fanout';
      readonly options: Options.AssertExchange;
    }
  | QueueObject
  | { readonly kind: 'binding'; readonly queue: string; readonly exchange: string; readonly key: string };

/** Everything of `names`: what catches a message stands before what sends one there. */
export function topologyObjects(names: TopologyNames): TopologyObject[] {
  const exchange = (name: string, type: 'topic' | 'fanout', options: Options.AssertExchange = {}) =>
    ({ kind: 'exchange', name, type, options: { durable: true, ...options } }) as const;
  const queue = (name: string, declaration: QueueDeclaration) =>
    ({ kind: 'queue', name, ...declaration }) as const;
  const binding = (queueName: string, exchangeName: string, key: string) =>
    ({ kind: 'binding', queue: queueName, exchange: exchangeName, key }) as const;
  return [
    exchange(names.unrouted, 'fanout'),
    queue(names.unrouted, unroutedQueue()),
    binding(names.unrouted, names.unrouted, ''),
    queue(names.rejected, rejectedQueue()),
    queue(names.replies, repliesQueue(names.rejected)),
    exchange(names.failures, 'fanout'),
    binding(names.replies, names.failures, ''),
    exchange(names.dead, 'topic'),
    queue(names.dead, deadQueue()),
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
async function declareObjects(channel: Channel, objects: readonly TopologyObject[]): Promise<void> {
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

/** The same queue as earlier versions declared it. */
export function formerOf(queue: QueueObject): QueueObject {
  return { ...queue, options: queue.formerly };
}

/**
 * What to tell of a queue that is neither as it has to be (`conflict`) nor as earlier versions declared it. The broker
 * names one difference only, and of `conflict` that may be a limit, without which the queue would be used all the same.
 * What the earlier declaration was refused for counts, unless that is an argument that only the present one has.
 * @param formerError what declaring it as earlier versions did threw; returned as it is where it is no conflict
 */
export function differenceThatCounts(
  queue: QueueObject,
  conflict: TopologyConflict,
  formerError: unknown,
): unknown {
  if (!(formerError instanceof TopologyConflict)) return formerError;
  const argument = /inequivalent arg '([^']+)'/.exec(formerError.difference)?.[1] ?? '';
  const has = ({ arguments: given }: Options.AssertQueue) => Object.hasOwn((given ?? {}) as object, argument);
  return has(queue.options) && !has(queue.formerly) ? conflict : formerError;
}

/** Whether the broker refused a declaration because the user lacks the right, and not because of what is there. */
export function lacksRight(error: unknown): boolean {
  return replyCode(error) === ACCESS_REFUSED;
}

/** Deletes everything of `names`, messages included. For tests and for taking a bridge down for good. */
export async function deleteTopology(channel: Channel, names: TopologyNames): Promise<void> {
  for (const name of [names.events, names.failures, names.dead, names.unrouted, names.owner]) {
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
  const message = reasonOf(error);
  const quoted = /with message "(.*)"$/s.exec(message)?.[1] ?? message;
  return quoted.replace(/^[A-Z_]+ - /, '');
}
