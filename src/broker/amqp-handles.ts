import { Duplex } from 'node:stream';
import { type Channel, type ChannelModel } from 'amqplib';

/**
 * The same channel, with its `error` event heard: what closed it also reaches the call that waits for it, and an
 * `error` without a listener is thrown into the client library's frame loop and ends the connection.
 */
export function withErrorListener<C extends Channel>(channel: C): C {
  return channel.on('error', () => undefined);
}

/** Closes a channel that may be closed already. */
export async function closeQuietly(channel: Channel): Promise<void> {
  try {
    await channel.close();
  } catch {
    // It is closed, which is all that was wanted.
  }
}

/** Does something on a channel of its own: the broker closes the channel of whatever it refuses. */
export async function onThrowAway<T>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = withErrorListener(await model.createChannel());
  try {
    return await work(channel);
  } finally {
    await closeQuietly(channel);
  }
}

/**
 * Drops the connection's socket. The client library has no call for that and keeps the socket as `stream`; it has
 * to see an error there, or it would go on sending heartbeats.
 */
export function destroySocket(model: ChannelModel): void {
  const stream: unknown = 'stream' in model.connection ? model.connection.stream : undefined;
  if (stream instanceof Duplex) stream.destroy(new Error('the socket was dropped'));
}
