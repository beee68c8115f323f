import { type Channel, type ChannelModel } from 'amqplib';
import { messageOf } from './addresses.js';
import { closeQuietly, tamed } from './amqp-handles.js';
import {
  declareObject,
  replyCode,
  TopologyConflict,
  type TopologyNames,
  topologyObjects,
} from './topology.js';

/** What was found of one exchange or queue. */
export interface TopologyFinding {
  readonly kind: 'exchange' | 'queue';
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'conflict' | 'unknown';
  /** What is wrong with it, in the broker's words; null where nothing is. */
  readonly reason: string | null;
  /** Of a queue that is there: messages waiting, and who reads them. */
  readonly messages: number | null;
  readonly consumers: number | null;
}

const NOT_FOUND = 404;

/**
 * Looks at every exchange and queue of `names`, each on a throw-away channel, since the broker answers a bad one by
 * closing the channel. Creates nothing: only what is there already is declared once more, which tells whether it is
 * what the bridge needs. Bindings cannot be asked for over AMQP and are not looked at.
 */
export async function checkTopology(model: ChannelModel, names: TopologyNames): Promise<TopologyFinding[]> {
  const findings: TopologyFinding[] = [];
  for (const object of topologyObjects(names)) {
    if (object.kind === 'binding') continue;
    const { kind, name } = object;
    const found = { kind, name, reason: null, messages: null, consumers: null };
    try {
      const depth = await onThrowAway(model, async (channel) => {
        if (kind === 'queue') return channel.checkQueue(name);
        await channel.checkExchange(name);
        return null;
      });
      await onThrowAway(model, (channel) => declareObject(channel, object));
      findings.push({
        ...found,
        state: 'ok',
        messages: depth?.messageCount ?? null,
        consumers: depth?.consumerCount ?? null,
      });
    } catch (error) {
      if (error instanceof TopologyConflict) {
        findings.push({ ...found, state: 'conflict', reason: error.difference });
      } else if (replyCode(error) === NOT_FOUND) {
        findings.push({ ...found, state: 'missing', reason: 'it does not exist' });
      } else findings.push({ ...found, state: 'unknown', reason: messageOf(error) });
    }
  }
  return findings;
}

async function onThrowAway<T>(model: ChannelModel, look: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = tamed(await model.createChannel());
  try {
    return await look(channel);
  } finally {
    await closeQuietly(channel);
  }
}
