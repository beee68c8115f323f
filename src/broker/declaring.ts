import { type Channel, type ChannelModel } from 'amqplib';
import { closeQuietly, withErrorListener } from './amqp-handles.js';
import { TimedOut, within } from '../timing/within.js';
import { PrefixTaken } from './prefix-owner.js';
import {
  brokerText,
  declareObject,
  differenceThatCounts,
  formerOf,
  lacksRight,
  type QueueObject,
  replyCode,
  TopologyConflict,
  TopologyMissing,
  type TopologyNames,
  type TopologyObject,
  topologyObjects,
} from './topology.js';

/**
 * A cluster with a node that hangs declares no binding, not even one that exists, until its nodes have given that
 * one up: a minute. Bindings that stood before are not waited for longer than this.
 */
const KNOWN_BINDINGS_MS = 1000;
const NOT_FOUND = 404;

/** What the broker did not let us declare and was there already, or could not be looked at. */
export interface Given {
  /** `queue x`, `exchange x`: there, its properties unseen. */
  readonly found: readonly string[];
  /** `x → y`: bindings cannot be asked for. */
  readonly unseenBindings: readonly string[];
}

interface Declared {
  readonly given: Given;
  /** `queue x`, `exchange x`: they have the properties that they need. */
  readonly declared: ReadonlySet<string>;
  /** `queue x`: declared by an earlier version, without the limit that it has now. */
  readonly unlimited: readonly string[];
  /** The promise of bindings that are still to come; null where they stand. */
  readonly bindings: Promise<void> | null;
}

/**
 * Declares the topology on a channel of its own, as a conflict closes it. Where this user may not declare, what is
 * there already is accepted, and so is a queue as an earlier version declared it. With `knownBefore`, when this process has seen it all stand, the bindings may come later:
 * then `bindings` is the promise of them, else null.
 * @throws {TopologyConflict} when an object exists with other properties
 * @throws {TopologyMissing} when one is missing that this user may not declare
 * @throws {TimedOut} when the broker needs longer than `timeoutMs`
 */
export async function declareOn(
  model: ChannelModel,
  names: TopologyNames,
  { timeoutMs, knownBefore }: { timeoutMs: number; knownBefore: boolean },
): Promise<Declared> {
  const declarer = new Declarer(model);
  const all = topologyObjects(names);
  const things = declarer.declare(all.filter(({ kind }) => kind !== 'binding'));
  const bindings = things.then(() => declarer.declare(all.filter(({ kind }) => kind === 'binding')));
  void bindings.catch(() => undefined).then(() => declarer.close());
  await within(timeoutMs, things);
  try {
    await within(knownBefore ? KNOWN_BINDINGS_MS : timeoutMs, bindings);
  } catch (error) {
    if (knownBefore && error instanceof TimedOut) return { ...declarer.facts(), bindings };
    throw error;
  }
  return { ...declarer.facts(), bindings: null };
}

/** Declares one object after another, on a new channel whenever the broker has closed the last for a refusal. */
class Declarer {
  private readonly found: string[] = [];
  private readonly unseenBindings: string[] = [];
  private readonly declared = new Set<string>();
  private readonly unlimited: string[] = [];
  private channel: Channel | null = null;

  constructor(private readonly model: ChannelModel) {}

  async declare(objects: readonly TopologyObject[]): Promise<void> {
    for (const object of objects) {
      try {
        await this.declareOne(object);
      } catch (error) {
        if (!lacksRight(error)) throw error;
        this.channel = null;
        await this.accept(object, brokerText(error));
      }
    }
  }

  facts(): Omit<Declared, 'bindings'> {
    const { found, unseenBindings, declared, unlimited } = this;
    return { given: { found, unseenBindings }, declared, unlimited };
  }

  private async declareOne(object: TopologyObject): Promise<void> {
    try {
      await declareObject(await this.open(), object);
    } catch (error) {
      if (!(error instanceof TopologyConflict) || object.kind !== 'queue') throw error;
      this.channel = null;
      await this.declareFormer(object, error);
    }
    if (object.kind !== 'binding') this.declared.add(`${object.kind} ${object.name}`);
  }

  /** @throws {TopologyConflict} where the queue is not as it was either */
  private async declareFormer(queue: QueueObject, conflict: TopologyConflict): Promise<void> {
    try {
      await declareObject(await this.open(), formerOf(queue));
    } catch (error) {
      throw differenceThatCounts(queue, conflict, error);
    }
    this.unlimited.push(`queue ${queue.name}`);
  }

  async close(): Promise<void> {
    if (this.channel !== null) await closeQuietly(this.channel);
  }

  private async open(): Promise<Channel> {
    return (this.channel ??= withErrorListener(await this.model.createChannel()));
  }

  private async accept(object: TopologyObject, refusal: string): Promise<void> {
    if (object.kind === 'binding') {
      this.unseenBindings.push(`${object.exchange} → ${object.queue}`);
      return;
    }
    await findObject(await this.open(), object, refusal);
    this.found.push(`${object.kind} ${object.name}`);
  }
}

/**
 * Finds out whether an exchange or queue is there, which takes no right. The broker closes the channel where it is not.
 * @throws {TopologyMissing}
 */
async function findObject(
  channel: Channel,
  { kind, name }: Exclude<TopologyObject, { kind: 'binding' }>,
  refusal: string,
): Promise<void> {
  try {
    await (kind === 'queue' ? channel.checkQueue(name) : channel.checkExchange(name));
  } catch (error) {
    throw replyCode(error) === NOT_FOUND ? new TopologyMissing(`${kind} ${name}`, refusal) : error;
  }
}

/** Why the topology is not declared, for people. @param error what {@link declareOn}, or the claim of the prefix, threw */
export function notDeclaredBecause(error: unknown): string {
  return error instanceof TopologyConflict || error instanceof TopologyMissing || error instanceof PrefixTaken
    ? error.message
    : `the topology cannot be declared: ${brokerText(error)}`;
}
