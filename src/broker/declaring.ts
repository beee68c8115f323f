import { type ChannelModel } from 'amqplib';
import { closeQuietly, tamed } from './amqp-handles.js';
import { BrokerTimeout, within } from './deadlines.js';
import { declareObjects, type TopologyNames, topologyObjects } from './topology.js';

/**
 * A cluster with a node that hangs declares no binding, not even one that exists, until its nodes have given that
 * one up: a minute. Bindings that stood before are not waited for longer than this.
 */
const KNOWN_BINDINGS_MS = 1000;

/**
 * Declares the topology on a channel of its own, as a conflict closes it. With `knownBefore`, when this process has
 * seen it all stand, the bindings may come later: then this yields the promise of them, else null.
 * @throws {TopologyConflict} when an object exists with other properties
 * @throws {BrokerTimeout} when the broker needs longer than `timeoutMs`
 */
export async function declareOn(
  model: ChannelModel,
  names: TopologyNames,
  { timeoutMs, knownBefore }: { timeoutMs: number; knownBefore: boolean },
): Promise<{ bindings: Promise<void> } | null> {
  const channel = await within(timeoutMs, model.createChannel().then(tamed));
  const all = topologyObjects(names);
  const things = declareObjects(
    channel,
    all.filter(({ kind }) => kind !== 'binding'),
  );
  const bindings = things.then(() =>
    declareObjects(
      channel,
      all.filter(({ kind }) => kind === 'binding'),
    ),
  );
  void bindings.catch(() => undefined).then(() => closeQuietly(channel));
  await within(timeoutMs, things);
  try {
    await within(knownBefore ? KNOWN_BINDINGS_MS : timeoutMs, bindings);
  } catch (error) {
    if (knownBefore && error instanceof BrokerTimeout) return { bindings };
    throw error;
  }
  return null;
}
