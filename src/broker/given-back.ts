import { setTimeout as pause } from 'node:timers/promises';
import { type Channel } from 'amqplib';
import { closeQuietly } from './amqp-handles.js';

const LOOK_EVERY_MS = 20;
/** Somebody else may have begun to read the queue meanwhile. */
const AT_MOST_MS = 2000;

/**
 * Works on a channel of its own that reads a queue, closes it, and resolves when what it held is back in its place. The
 * broker gives that back, and forgets the channel's consumers, a moment after it has said that the channel is closed; a
 * queue that is read again at once would seem to be empty.
 */
export async function readingBack<C extends Channel, T>(
  openChannel: () => Promise<C>,
  queue: string,
  work: (channel: C) => Promise<T>,
): Promise<T> {
  const channel = await openChannel();
  let readers: number | null = null;
  try {
    readers = (await channel.checkQueue(queue)).consumerCount;
    return await work(channel);
  } finally {
    await closeQuietly(channel);
    // What was done is done, whatever becomes of this.
    if (readers !== null) await untilReadBy(readers, openChannel, queue).catch(() => undefined);
  }
}

async function untilReadBy(
  readers: number,
  openChannel: () => Promise<Channel>,
  queue: string,
): Promise<void> {
  const endAt = performance.now() + AT_MOST_MS;
  const channel = await openChannel();
  try {
    while ((await channel.checkQueue(queue)).consumerCount > readers && performance.now() < endAt)
      await pause(LOOK_EVERY_MS);
  } finally {
    await closeQuietly(channel);
  }
}
