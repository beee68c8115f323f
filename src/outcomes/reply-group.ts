import { type Reply, type ReplyKind } from '../contract/reply.js';
import { type Outcome, type ToldBy } from '../ledger/outcome.js';
import { type Delivered } from './replies-in-hand.js';
import { type UnknownReply } from './unknown-replies.js';

/** A reply as the ledger has it. */
export interface HeardReply {
  readonly headers: unknown;
  readonly outcome: Outcome;
}

/** Kinds of replies, and why one was set aside: it makes no sense, is too large, or speaks of a portal that is not ours. */
export type CountedKind = ReplyKind | 'malformed' | 'too_large' | 'unknown_portal';

/** Finds portals by what replies call them. */
export interface NamedPortals {
  /** The member id of the portal that is meant by a member id, a name or an address. */
  memberIdOf(word: string): Promise<string | undefined>;
  nameOf(memberId: string): string;
}

/** A message that was read: a group may be written more than once, but each of its messages is read only once. */
export interface Understood {
  readonly delivered: Delivered;
  readonly replies: readonly Reply[];
  /** What it holds, beside them, that makes no sense; null for nothing. */
  readonly fault: string | null;
  /** Events that it names. */
  readonly events: number;
}

/** What could not be done as a message says: it is set aside when the rest of it is written. */
export interface Fault {
  readonly kind: 'malformed' | 'too_large' | 'unknown_portal' | 'forgotten';
  readonly reason: string;
}

/** A reply of a group, with the message that it came in. */
export interface GroupReply extends HeardReply, UnknownReply {
  readonly of: Understood;
}

const TOLD_BY: Readonly<Record<ReplyKind, ToldBy>> = {
  single: 'reply',
  group: 'group reply',
  nest: 'nestjs answer',
  dead_letter: 'dead letter',
};

/** One commit takes this many replies, or as many as came while the one before was written. */
export const GROUP_SIZE = 500;
/** And replies that name this many events, if they are more than one: other work waits for the ledger, too. */
const GROUP_EVENTS = 10_000;
/** How many of the replies that wait make a group: one at least. */
export function groupSize(waiting: readonly Understood[]): number {
  let events = 0;
  const end = waiting.findIndex((one, at) => {
    events += one.events;
    return at === GROUP_SIZE || (at > 0 && events > GROUP_EVENTS);
  });
  return end < 0 ? waiting.length : end;
}

/** What a group says: replies for the ledger, how many there are of each kind, and what is to be set aside. */
export async function readGroup(
  group: readonly Understood[],
  portals: Pick<NamedPortals, 'memberIdOf'>,
): Promise<{
  heard: GroupReply[];
  kinds: ReadonlyMap<CountedKind, number>;
  faults: Map<Understood, Fault>;
}> {
  const heard: GroupReply[] = [];
  const kinds = new Map<CountedKind, number>();
  const faults = new Map<Understood, Fault>();
  const members = new Map<string, string | undefined>();
  const memberIdOf = async (word: string) => {
    if (!members.has(word)) members.set(word, await portals.memberIdOf(word));
    return members.get(word);
  };
  for (const understood of group) {
    if (understood.fault !== null) faults.set(understood, { kind: 'malformed', reason: understood.fault });
    for (const reply of understood.replies) {
      kinds.set(reply.kind, (kinds.get(reply.kind) ?? 0) + 1);
      if (reply.outcome === 'partial') continue;
      const { portal, processId, messageIds, attempt } = reply.target;
      const word = 'memberId' in portal ? portal.memberId : portal.name;
      const memberId = await memberIdOf(word);
      if (memberId === undefined) {
        const named = 'memberId' in portal ? 'member_id' : 'portal';
        faults.set(understood, {
          kind: 'unknown_portal',
          reason: `${named} ${JSON.stringify(word)} is none that this bridge knows`,
        });
        continue;
      }
      const { outcome, reason, kind } = reply;
      heard.push({
        of: understood,
        kind,
        headers: understood.delivered.message.properties.headers,
        outcome: { memberId, processId, messageIds, attempt, outcome, reason, via: TOLD_BY[kind] },
      });
    }
  }
  return { heard, kinds, faults };
}
