import { randomUUID } from 'node:crypto';
import { type ConfirmChannel, type ConsumeMessage, type Message } from 'amqplib';
import { HeldMessages, isWorn } from '../broker/held-messages.js';
import { type TopologyNames } from '../broker/topology.js';
import { within } from '../timing/within.js';
import {
  type LeftBecause,
  MOST_IN_ONE_RUN,
  PAGE,
  type Republished,
  type RepublishOrder,
} from './republished.js';

const CONFIRM_MS = 30_000;
/** Headers that the broker adds, and takes from no publisher. */
const OF_THE_BROKER = new Set(['x-delivery-count', 'x-acquired-count', 'x-death']);

/**
 * Publishes events that no queue was bound to again, oldest first, under the key that they had. Each is acknowledged
 * where it lay once the broker has confirmed it: whenever the process ends, one may come twice, and none is lost.
 *
 * What no queue takes goes back to where it lay, at its end, so the first event of each key is tried alone: where it comes
 * back, the others of its key stay in their places.
 * @param channel of its own; it is to be closed afterwards, which gives back what was passed by
 * @param delivered told of each part that was, since it stays so where the rest fails
 */
export async function republishUnrouted(
  channel: ConfirmChannel,
  names: TopologyNames,
  { key, count }: RepublishOrder,
  delivered: (count: number) => void,
): Promise<Republished> {
  const watch = await ComingBack.open(channel, names);
  const messages = await HeldMessages.open(channel, names.unrouted);
  /** What an exchange without a queue behind it took, say; the broker confirms it all the same. */
  const returned = new Set<string>();
  channel.on('return', (message: Message) => returned.add(identityOf(message)));
  const routable = new Map<string, boolean>();
  const left: Partial<Record<LeftBecause, number>> = {};
  let republished = 0;
  let page: ConsumeMessage[] = [];
  let cutShort = false;

  const send = async (): Promise<boolean> => {
    const sent = page;
    page = [];
    const results = await Promise.all(sent.map((message) => publish(channel, names, message)));
    const back = await watch.cameBack();
    const before = republished;
    for (const [at, message] of sent.entries()) {
      const { routingKey } = message.fields;
      const identity = identityOf(message);
      if (results[at] !== 'confirmed') {
        left.unconfirmed = (left.unconfirmed ?? 0) + 1;
        continue;
      }
      const lost = returned.has(identity);
      const came = back.has(identity);
      routable.set(routingKey, !lost && !came);
      if (lost || came) left.unroutable = (left.unroutable ?? 0) + 1;
      else republished += 1;
      // The one that came back lies at the end of the queue.
      if (!lost) messages.done(message);
    }
    delivered(republished - before);
    return results.every((result) => result === 'confirmed');
  };

  let chosen = 0;
  let goesOn = true;
  for (let passed = 0; goesOn && chosen < count; passed += 1) {
    if (passed >= MOST_IN_ONE_RUN) {
      cutShort = true;
      break;
    }
    const message = await messages.next();
    if (message === null) break;
    const its = message.fields.routingKey;
    const tried = routable.get(its);
    if ((key !== null && its !== key) || tried === false) {
      if (tried === false) {
        if (key !== null) break;
        left.unroutable = (left.unroutable ?? 0) + 1;
      }
      if (isWorn(channel, message)) {
        cutShort = true;
        break;
      }
      continue;
    }
    chosen += 1;
    if (tried === undefined && page.length > 0) goesOn = await send();
    if (!goesOn) break;
    page.push(message);
    if (tried === undefined || page.length >= PAGE) goesOn = await send();
  }
  if (goesOn && page.length > 0) await send();
  return { republished, obsolete: 0, left, cutShort };
}

/** What an event is known by on its way; of two copies of one delivery the same. */
function identityOf({ fields, properties }: Pick<Message, 'fields' | 'properties'>): string {
  const { messageId, correlationId } = properties as { messageId?: unknown; correlationId?: unknown };
  return JSON.stringify([fields.routingKey, messageId, correlationId]);
}

type Answer = 'confirmed' | 'unconfirmed';

async function publish(
  channel: ConfirmChannel,
  names: TopologyNames,
  { content, fields, properties }: ConsumeMessage,
): Promise<Answer> {
  const headers = Object.entries((properties.headers ?? {}) as Record<string, unknown>).filter(
    ([name]) => !OF_THE_BROKER.has(name),
  );
  const options = {
    ...properties,
    headers: Object.fromEntries(headers),
    persistent: true,
    mandatory: true,
  };
  const answered = new Promise<Answer>((resolve) => {
    channel.publish(names.events, fields.routingKey, content, options, (error: unknown) =>
      resolve(error === null || error === undefined ? 'confirmed' : 'unconfirmed'),
    );
  });
  return within(CONFIRM_MS, answered).catch((): Answer => 'unconfirmed');
}

/** Header of the marks that are sent to our own queue only. */
const MARK = 'x-bridge-mark';

/** Hears which messages come back to the exchange for what no queue takes. */
class ComingBack {
  private readonly heard = new Set<string>();
  private readonly waiting = new Map<string, () => void>();

  private constructor(
    private readonly channel: ConfirmChannel,
    private readonly queue: string,
  ) {}

  static async open(channel: ConfirmChannel, names: TopologyNames): Promise<ComingBack> {
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
    await channel.bindQueue(queue, names.unrouted, '');
    const watch = new ComingBack(channel, queue);
    await channel.consume(
      queue,
      (message) => {
        if (message === null) return;
        const mark: unknown = message.properties.headers?.[MARK];
        if (typeof mark === 'string') watch.waiting.get(mark)?.();
        else watch.heard.add(identityOf(message));
      },
      { noAck: true },
    );
    return watch;
  }

  /**
   * Identities of what came back. A queue keeps the order of a channel, so once a mark that is sent behind everything is here,
   * everything that came back is.
   */
  async cameBack(): Promise<ReadonlySet<string>> {
    const mark = randomUUID();
    const here = new Promise<void>((resolve) => this.waiting.set(mark, resolve));
    this.channel.sendToQueue(this.queue, Buffer.alloc(0), { headers: { [MARK]: mark } });
    await within(CONFIRM_MS, here);
    this.waiting.delete(mark);
    return this.heard;
  }
}
