import { type ChannelModel } from 'amqplib';
import { Phrase } from '../i18n/translate.js';
import { onThrowAway } from './amqp-handles.js';
import { brokerText, lacksRight, replyCode, TopologyConflict, type TopologyNames } from './topology.js';

/** The owner of a prefix: a database, not a process. */
export interface PrefixOwner {
  /** Letters and digits. */
  readonly id: string;
  /** Name of the machine on which the database was made, for people. */
  readonly madeOn: string;
}

/** The prefix belongs to another database. `message` says to whom, and what to do. */
export class PrefixTaken extends Error {
  /** The same in the reader's language. */
  readonly said: Phrase;

  constructor(
    readonly prefix: string,
    /** `id, made on host`, or why it cannot be said. */
    readonly holder: string,
  ) {
    const said = Phrase.of('fault.prefixTaken', { prefix, holder });
    super(said.in('en'));
    this.said = said;
    this.name = 'PrefixTaken';
  }
}

/**
 * What is known of a prefix's owner. `nameless`: the mark was made by hand and names no owner; `unknown`: this user of
 * the broker may not read it.
 */
type Holder =
  | { readonly state: 'free' }
  | { readonly state: 'nameless' }
  | { readonly state: 'unknown' }
  | { readonly state: 'held'; readonly owner: PrefixOwner | null };

const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;
const ATTEMPTS = 10;
/** The broker's explanation holds 255 bytes, in which both names of the exchange and the owner have to fit. */
const LONGEST_HOST = 24;

/**
 * The mark is an exchange that carries nothing. Its alternate exchange, which does not exist, has the owner in its name:
 * to declare it is to claim the prefix, in one step that only one bridge can win: the broker refuses another
 * owner and names the present one. Like every exchange it is known to all nodes and outlives them.
 */
function markOf({ owner }: TopologyNames, { id, madeOn }: PrefixOwner): string {
  const host = madeOn.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, LONGEST_HOST);
  return `${owner}.${id}.${host}`;
}

/** The owner in the broker's words about the mark; it may have cut them off. */
function ownerIn({ owner }: TopologyNames, words: string): PrefixOwner | null {
  const [, current = ''] = words.split('but current is ');
  const at = current.indexOf(`${owner}.`);
  const [id = '', madeOn = ''] = at < 0 ? [] : current.slice(at + owner.length + 1).split(/[.']/);
  return /^[0-9a-z]+$/.test(id) ? { id, madeOn } : null;
}

type Declared =
  | { readonly state: 'ours' }
  | { readonly state: 'refused' }
  | { readonly state: 'other'; readonly words: string };

async function declareMark(model: ChannelModel, name: string, mark: string | undefined): Promise<Declared> {
  return onThrowAway(model, async (channel) => {
    try {
      const alternate = mark === undefined ? {} : { alternateExchange: mark };
      await channel.assertExchange(name, 'fanout', { durable: true, internal: true, ...alternate });
      return { state: 'ours' };
    } catch (error) {
      if (lacksRight(error)) return { state: 'refused' };
      if (replyCode(error) !== PRECONDITION_FAILED) throw error;
      const words = brokerText(error);
      // An exchange of this name was made for something else.
      if (!words.includes('alternate-exchange')) throw new TopologyConflict(`exchange ${name}`, words);
      return { state: 'other', words };
    }
  });
}

/**
 * Makes the prefix `owner`'s where it has no owner. Of several that try at once one succeeds.
 * @returns false where this user of the broker may neither read nor declare the mark, so that nothing is known
 * @throws {PrefixTaken}
 * @throws {TopologyConflict} when an exchange of the mark's name is something else
 */
export async function claimPrefix(
  model: ChannelModel,
  names: TopologyNames,
  owner: PrefixOwner,
): Promise<boolean> {
  const mark = markOf(names, owner);
  for (let attempt = 1; ; attempt += 1) {
    const declared = await declareMark(model, names.owner, mark);
    if (declared.state !== 'other') return declared.state === 'ours';
    // The broker's words may be cut off before they name the owner.
    const holder = await readOwner(model, names);
    if (holder.state === 'held' && holder.owner?.id === owner.id) return true;
    if (holder.state === 'nameless') await dropMark(model, names);
    // Where it is free it has just been given up.
    if (holder.state === 'held' || holder.state === 'unknown' || attempt >= ATTEMPTS) {
      throw new PrefixTaken(
        prefixOf(names),
        ownerWords(holder.state === 'held' ? holder.owner : null).in('en'),
      );
    }
  }
}

/**
 * Reads who owns the prefix. Changes nothing.
 * @throws {TopologyConflict} when an exchange of the mark's name is something else
 */
export async function readOwner(model: ChannelModel, names: TopologyNames): Promise<Holder> {
  const there = await onThrowAway(model, (channel) => channel.checkExchange(names.owner)).then(
    () => true,
    (error: unknown) => {
      if (replyCode(error) === NOT_FOUND) return false;
      throw error;
    },
  );
  if (!there) return { state: 'free' };
  const declared = await declareMark(model, names.owner, undefined);
  if (declared.state === 'refused') return { state: 'unknown' };
  if (declared.state === 'ours') return { state: 'nameless' };
  return { state: 'held', owner: ownerIn(names, declared.words) };
}

/**
 * Makes the prefix `owner`'s, whatever owner it had.
 * @throws {PrefixTaken} when another bridge keeps taking it back, or this user of the broker may not declare the mark
 */
export async function takeOverPrefix(
  model: ChannelModel,
  names: TopologyNames,
  owner: PrefixOwner,
): Promise<void> {
  const mark = markOf(names, owner);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const declared = await declareMark(model, names.owner, mark);
    if (declared.state === 'ours') return;
    if (declared.state === 'refused') {
      throw new PrefixTaken(
        prefixOf(names),
        `this user of RabbitMQ has no right to configure ${names.owner}`,
      );
    }
    // Between this and the next step the former owner may look after its mark and make it anew.
    await dropMark(model, names);
  }
  throw new PrefixTaken(prefixOf(names), 'it takes the prefix back each time: stop it first');
}

async function dropMark(model: ChannelModel, names: TopologyNames): Promise<void> {
  await onThrowAway(model, (channel) => channel.deleteExchange(names.owner));
}

export function prefixOf({ owner }: TopologyNames): string {
  return owner.slice(0, -'.owner'.length);
}

/** For people. */
export function ownerWords(owner: PrefixOwner | null): Phrase {
  if (owner === null) return Phrase.of('fault.ownerUnknown');
  const { id, madeOn: machine } = owner;
  return machine === '' ? Phrase.of('fault.ownerOnly', { id }) : Phrase.of('fault.owner', { id, machine });
}
