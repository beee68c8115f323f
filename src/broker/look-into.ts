import { type Channel } from 'amqplib';
import { HeldMessages, isWorn } from './held-messages.js';

/** Messages that one look passes by. */
const MOST_LOOKED_AT = 20_000;
/** What lies in a queue. */
export interface QueueLook {
  /** By routing key, those with the most messages first. */
  readonly keys: readonly { readonly key: string; readonly count: number }[];
  /** Messages that were looked at, of so many. */
  readonly seen: number;
  readonly there: number;
  /** The look ended at a message that was looked at too often; see {@link isWorn}. */
  readonly worn: boolean;
}

/**
 * Counts what lies in a queue by routing key, from its head on, and leaves everything in its place. Each look counts as
 * a delivery of what it saw.
 * @param channel of its own; it is to be closed afterwards, which gives everything back
 */
export async function lookInto(channel: Channel, queue: string): Promise<QueueLook> {
  const messages = await HeldMessages.open(channel, queue);
  const counts = new Map<string, number>();
  let seen = 0;
  let worn = false;
  while (seen < MOST_LOOKED_AT) {
    const message = await messages.next();
    if (message === null) break;
    if (isWorn(channel, message)) {
      worn = true;
      break;
    }
    seen += 1;
    const key = message.fields.routingKey;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const keys = [...counts].map(([key, count]) => ({ key, count }));
  keys.sort((left, right) => right.count - left.count || left.key.localeCompare(right.key));
  return { keys, seen, there: messages.there, worn };
}
