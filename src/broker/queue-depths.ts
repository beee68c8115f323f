import { closeQuietly } from './amqp-handles.js';
import { type BrokerConnection } from './connection.js';
import { within } from '../timing/within.js';
import { replyCode, type TopologyNames } from './topology.js';

const QUEUES = ['unrouted', 'replies', 'rejected', 'dead'] as const;

/** Messages ready in each queue; null where the broker did not say. */
export type QueueDepths = Readonly<Record<(typeof QUEUES)[number], number | null>>;

const NOT_FOUND = 404;

/**
 * How many messages wait in the bridge's queues. Never throws: what the broker does not tell within `timeoutMs`
 * is null. A queue that is missing (it was deleted) is declared again, as events that belong in it would be
 * dropped without a word.
 */
export async function readQueueDepths(
  connection: BrokerConnection,
  names: TopologyNames,
  timeoutMs = 3000,
): Promise<QueueDepths> {
  const depths: Record<keyof QueueDepths, number | null> = {
    unrouted: null,
    replies: null,
    rejected: null,
    dead: null,
  };
  const deadline = Date.now() + timeoutMs;
  let missing = false;
  for (const queue of QUEUES) {
    try {
      depths[queue] = await within(Math.max(1, deadline - Date.now()), depthOf(connection, names[queue]));
    } catch (error) {
      missing ||= replyCode(error) === NOT_FOUND;
    }
  }
  if (missing) void connection.redeclare();
  return depths;
}

/** On a channel of its own, since asking for a queue that is not there closes the channel. */
async function depthOf(connection: BrokerConnection, queue: string): Promise<number> {
  const channel = await connection.openChannel();
  try {
    return (await channel.checkQueue(queue)).messageCount;
  } finally {
    void closeQuietly(channel);
  }
}
