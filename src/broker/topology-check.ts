import { type ChannelModel } from 'amqplib';
import { onThrowAway } from './amqp-handles.js';
import {
  declareObject,
  differenceThatCounts,
  formerOf,
  lacksRight,
  replyCode,
  TopologyConflict,
  type TopologyNames,
  type TopologyObject,
  topologyObjects,
} from './topology.js';
import { reasonOf } from '../logging/reason.js';

/** What was found of one exchange or queue. */
interface TopologyFinding {
  readonly kind: 'exchange' | 'queue';
  readonly name: string;
  /** `given`: it is there, and this user has no right to declare it, which is what would tell its properties. */
  readonly state: 'ok' | 'given' | 'missing' | 'conflict' | 'unknown';
  /** What is wrong with it, in the broker's words; null where nothing is. */
  readonly reason: string | null;
  /** Of a queue that is there: messages waiting, and who reads them. */
  readonly messages: number | null;
  readonly consumers: number | null;
}

const NOT_FOUND = 404;

/**
 * Checks every exchange and queue of `names`, each on a throw-away channel, since the broker answers a bad one by
 * closing the channel. Creates nothing: only what is there already is declared once more, which tells whether it is
 * what the bridge needs. Bindings cannot be asked for over AMQP and are not checked.
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
      const known = await isKnown(model, object);
      findings.push({
        ...found,
        state: known ? 'ok' : 'given',
        messages: depth?.messageCount ?? null,
        consumers: depth?.consumerCount ?? null,
      });
    } catch (error) {
      if (error instanceof TopologyConflict) {
        findings.push({ ...found, state: 'conflict', reason: error.difference });
      } else if (replyCode(error) === NOT_FOUND) {
        findings.push({ ...found, state: 'missing', reason: 'it does not exist' });
      } else findings.push({ ...found, state: 'unknown', reason: reasonOf(error) });
    }
  }
  return findings;
}

/**
 * Whether it is as it has to be, or as an earlier version declared it; false where this user may not know.
 * @throws {TopologyConflict} where it is not
 */
async function isKnown(model: ChannelModel, object: TopologyObject): Promise<boolean> {
  const declare = (one: TopologyObject) => onThrowAway(model, (channel) => declareObject(channel, one));
  try {
    await declare(object);
  } catch (error) {
    if (lacksRight(error)) return false;
    if (object.kind !== 'queue' || !(error instanceof TopologyConflict)) throw error;
    await declare(formerOf(object)).catch((formerError: unknown) => {
      throw differenceThatCounts(object, error, formerError);
    });
  }
  return true;
}
