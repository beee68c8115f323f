import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { type Channel, type ChannelModel } from 'amqplib';
import { type AmqpConnectionManager } from 'amqp-connection-manager';
import { within } from '../timing/within.js';

/** How long a broker may take to agree to the end of a connection. */
const CLOSE_TIMEOUT_MS = 2000;

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
 * Lets what is written to the connection in one go leave together. The client library writes message by message, and each
 * would be a call to the system and a packet of its own.
 */
export function gatherWrites(model: ChannelModel): void {
  const socket = socketOf(model);
  if (socket === null) return;
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  let gathering = false;
  socket.write = (...given: unknown[]): boolean => {
    if (!gathering) {
      gathering = true;
      socket.cork();
      process.nextTick(() => {
        gathering = false;
        socket.uncork();
      });
    }
    return write(...given);
  };
}

/**
 * Ends a managed connection for good, whether the broker answers or not: nothing is connected again. Takes a few seconds at
 * most.
 */
export async function closeConnection(
  manager: Pick<AmqpConnectionManager, 'close' | 'connection'>,
): Promise<void> {
  const model = manager.connection;
  // A broker that does not answer, or is gone, never acknowledges the close, and the client library waits for that.
  const ended = model === undefined ? [] : [once(model, 'close')];
  await within(CLOSE_TIMEOUT_MS, Promise.race([manager.close(), ...ended])).catch(() => undefined);
  if (model !== undefined) destroySocket(model);
}

/**
 * Drops the connection's socket. The client library has no call for that; it has to see an error there, or it would go on
 * sending heartbeats.
 */
export function destroySocket(model: ChannelModel): void {
  socketOf(model)?.destroy(new Error('the socket was dropped'));
}

/** The client library keeps the socket as `stream`. */
function socketOf(model: ChannelModel): Duplex | null {
  const stream: unknown = 'stream' in model.connection ? model.connection.stream : undefined;
  return stream instanceof Duplex ? stream : null;
}
